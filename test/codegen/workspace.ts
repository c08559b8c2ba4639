import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ExecutionContext } from "ava";

/** The project that is tested: the test runner is started in its folder. */
export const root: string = process.cwd();

/** A new folder that is removed after the test. */
export function temporaryFolder(t: ExecutionContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "plib-io-codegen-")));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files, given as paths below `folder` with their text. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** A copy of the project's parts in a new folder, in which the generator can be run and the result compiled. */
export function copyOfProject(t: ExecutionContext): string {
  const folder = temporaryFolder(t);
  cpSync(join(root, "src"), join(folder, "src"), { recursive: true, dereference: true });
  const config = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8")) as object;
  writeFiles(folder, { "tsconfig.json": JSON.stringify({ ...config, include: ["src", "generated"] }) });
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** Type-checks the project in `folder`. */
export function typeErrors(folder: string): string[] {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { stdout, stderr } = spawnSync(process.execPath, [tsc, "--noEmit", "-p", folder], { encoding: "utf8" });
  return `${stdout}${stderr}`.split("\n").filter((line) => line !== "");
}

/** Type-checks programs that import the package by its name, against the generated source. */
export function typeErrorsOf(t: ExecutionContext, programs: Readonly<Record<string, string>>): string[] {
  const folder = temporaryFolder(t);
  writeFiles(folder, programs);
  const generated = (name: string): string[] => [join(root, "generated", `${name}.ts`)];
  const compilerOptions = {
    rootDir: "/",
    typeRoots: [join(root, "node_modules/@types")],
    noUnusedLocals: false,
    isolatedDeclarations: false,
    declaration: false,
    declarationMap: false,
    paths: {
      "plib-io": generated("index"),
      "plib-io/async": generated("async"),
      "plib-io/data": generated("data"),
      "plib-io/blocking": generated("blocking"),
      "plib-io/runtime/*": generated("runtime/*"),
      "plib-io/config": [join(root, "codegen/cli/config.ts")],
      "plib-io/testing": [join(root, "src/testing/check-framing.ts")],
    },
  };
  const config = { extends: join(root, "tsconfig.json"), compilerOptions, include: ["*.ts"] };
  writeFiles(folder, { "tsconfig.json": JSON.stringify(config), "package.json": '{ "type": "module" }' });
  return typeErrors(folder);
}

/** Everything in a folder and what is in it, as paths with `/`, sorted. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    )
    .toSorted();
}
