/** The package as a new user meets it: packed, installed into an empty folder, used through its command. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { Foreign } from "../interop/foreign.ts";
import { peer } from "../support/peers.ts";
import { compile, tsconfig } from "./user-workspace.ts";
import { filesIn, root, temporaryFolder, writeFiles } from "./workspace.ts";

/** Runs a program in a folder, and gives what it printed. A failure is told with all that it said. */
function succeed(t: ExecutionContext, cwd: string, program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, [...args], { cwd, encoding: "utf8" });
  t.is(status, 0, `${program} ${args.join(" ")}: ${error?.message ?? ""}\n${stdout}\n${stderr}`);
  return stdout;
}

/** A folder with nothing but the packed package installed in it, and the compiler of this project. */
function newProject(t: ExecutionContext): string {
  const packed = temporaryFolder(t);
  const folder = temporaryFolder(t);
  // Without its scripts: what the tests run from is what is packed, not a new build in its place.
  succeed(t, root, "npm", "pack", "--ignore-scripts", "--pack-destination", packed);
  const [tarball = ""] = filesIn(packed);
  writeFiles(folder, {
    "package.json": JSON.stringify({ name: "app", version: "1.0.0", type: "module", private: true }),
    "tsconfig.json": tsconfig(),
  });
  succeed(t, folder, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", join(packed, tarball));
  mkdirSync(join(folder, "node_modules/@types"), { recursive: true });
  for (const name of ["@types/node", "undici-types"])
    symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  return folder;
}

/** The program in the page for new users. */
function firstProgram(): string {
  const page = readFileSync(join(root, "docs/your-own-framing.md"), "utf8");
  return /^```typescript\n\/\/ src\/main\.ts\n(.*?)^```$/ms.exec(page)?.[1] ?? "";
}

peer("nc")("from an empty folder to a program that talks to netcat", async (t) => {
  t.timeout(180_000);
  const folder = newProject(t);
  t.deepEqual(
    filesIn(folder).filter((path) => !path.startsWith("node_modules/")),
    ["package-lock.json", "package.json", "tsconfig.json"],
  );
  const npx = (...args: readonly string[]): string => succeed(t, folder, "npx", "--no-install", "plib-io", ...args);
  npx("init");
  npx("generate");
  npx("generate", "--check");
  t.true(npx("list").includes("`WithBlock`"));

  const program = firstProgram();
  t.true(program.trimEnd().split("\n").length <= 15);
  writeFiles(folder, { "src/main.ts": program });
  t.deepEqual(compile(folder), []);

  await using netcat = new Foreign("nc", ["-v", "-l", "127.0.0.1", "0"]);
  const [, port = ""] = await netcat.line(/^Listening on \S+ (\d+)$/);
  netcat.child.stdin.write("\0\u0005world");
  await using client = new Foreign(process.execPath, [join(folder, "dist/main.js"), port]);
  t.is(await client.output(), "the reply is world\n");
  t.is(await netcat.output(), "\0\u0005hello");
});
