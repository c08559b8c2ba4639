import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { runCommand } from "../../../codegen/cli/package-command.ts";
import { markdownTable } from "../../../codegen/emit/layout.ts";
import { fixtureParts } from "../fixture-parts.ts";
import { root as projectRoot, temporaryFolder, writeFiles } from "../workspace.ts";

const long = "ATypeWithANameThatIsSoLongThatNothingElseFitsOnItsLine";

/** Options whose declarations need every kind of line break. */
const options = `export interface ${long} { a: 1 }
export interface Box<A, B = A, C = B> { a: A; b: B; c: C }
export interface PlainOptions {
  /** A long method. */
  method?(data: ${long}, more: ${long}): void | Promise<void>;
  /** A long function. */
  call?: (data: ${long}, more: ${long}) => void | Promise<void>;
  /** A short function. */
  brief?: () => void;
  /** A long union. */
  union?: ${long} | Box<${long}> | "a string with | in it";
  /** A long generic type. */
  generic?: Box<${long}, Box<string, "<">, ${long}>;
  /** An object type over several lines. */
  object?: {
    a: string;
    b: ${long};
  };
  /** Written over several lines, and fits on one. */
  folded?: Box<
    string,
    number
  >;
  readonly bare?: string;
  /** A doc comment on one line that would be a little too long for one line if it were joined with its ends. ......... */
  almost?: string;
}
`;

test("however long the declarations, the formatter has nothing to do", (t) => {
  const root = temporaryFolder(t);
  const path = "src/framings/plain.ts";
  const text = fixtureParts[path] ?? "";
  const suffix = "WithASuffixThatMakesEveryNameOfAClassLongerThanAnybodyWouldLike";
  const replaced = text
    .replace(/export interface PlainOptions \{[^]*?\n\}\n/, options)
    .replace('suffix = ""', `suffix = "${suffix}"`);
  for (const [name, part] of [
    ["short", text],
    ["long", replaced],
  ] as const) {
    const folder = join(root, name);
    writeFiles(folder, { ...fixtureParts, [path]: part });
    t.is(
      runCommand(["generate"], folder, { isInteractive: false, out: () => undefined, err: (line) => t.log(line) }),
      0,
    );
    cpSync(join(projectRoot, ".oxfmtrc.json"), join(folder, ".oxfmtrc.json"));
    const oxfmt = join(projectRoot, "node_modules/oxfmt/bin/oxfmt");
    const { status, stdout } = spawnSync(process.execPath, [oxfmt, "--check", "generated"], {
      cwd: folder,
      encoding: "utf8",
    });
    t.is(status, 0, stdout);
  }
});

test("a table has its columns aligned and its bars escaped", (t) => {
  t.is(
    markdownTable(["a", "long header"], [["1 | 2", "x"]]),
    ["| a      | long header |", "| ------ | ----------- |", "| 1 \\| 2 | x           |"].join("\n"),
  );
});
