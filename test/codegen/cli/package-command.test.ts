import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { runCommand } from "../../../codegen/cli/package-command.ts";
import { fixtureParts } from "../fixture-parts.ts";
import { filesIn, temporaryFolder, writeFiles } from "../workspace.ts";

function run(root: string, ...args: string[]): { status: number; out: string[]; err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  const status = runCommand(args, root, {
    isInteractive: true,
    out: (line) => out.push(line),
    err: (line) => err.push(line),
  });
  return { status, out, err };
}

test("generate writes, --check finds differences and writes nothing", (t) => {
  const root = temporaryFolder(t);
  writeFiles(root, fixtureParts);
  const before = run(root, "generate", "--check");
  t.is(before.status, 1);
  t.true(before.err.includes("missing: generated/async/async-wire-client.ts"));
  t.false(filesIn(root).some((path) => path.startsWith("generated/")));

  const written = run(root, "generate");
  t.is(written.status, 0);
  t.regex(written.out.at(-1) ?? "", /^1 classes, \d+ files, \d+ changed$/);
  t.deepEqual(run(root, "generate", "--check"), { status: 0, out: [], err: [] });
  t.regex(run(root, "generate").out.join("\n"), /^1 classes, \d+ files, 0 changed$/);
});

test("a part that goes takes its files along", (t) => {
  const root = temporaryFolder(t);
  const second = (fixtureParts["src/framings/plain.ts"] ?? "")
    .replace("PlainFraming", "MoreFraming")
    .replace('suffix = ""', 'suffix = "WithMore"');
  writeFiles(root, { ...fixtureParts, "src/framings/more.ts": second });
  t.is(run(root, "generate").status, 0);
  rmSync(join(root, "src/framings/more.ts"));
  t.true(run(root, "generate", "--check").err.includes("orphaned: generated/async/async-wire-client-with-more.ts"));
  t.true(run(root, "generate").out.includes("removed generated/async/async-wire-client-with-more.ts"));
  t.is(run(root, "generate", "--check").status, 0);
});

test("regions in documents are replaced between their markers, and nothing else is", (t) => {
  const root = temporaryFolder(t);
  const readme = "# $& title\n\n<!-- generated:matrix -->\nold\n<!-- /generated:matrix -->\n\nend\n";
  writeFiles(root, { ...fixtureParts, "README.md": readme, "docs/other.md": "no region\n" });
  t.is(run(root, "generate").status, 0);
  const text = readFileSync(join(root, "README.md"), "utf8");
  t.true(text.startsWith("# $& title\n\n<!-- generated:matrix -->\n\n| class"));
  t.true(text.endsWith("\n\n<!-- /generated:matrix -->\n\nend\n"));
  t.false(text.includes("old"));
  t.is(readFileSync(join(root, "docs/other.md"), "utf8"), "no region\n");
  writeFileSync(join(root, "README.md"), readme);
  t.true(run(root, "generate", "--check").err.includes("stale: README.md"));
});

test("bad parts: status 2, file:line:column, nothing written", (t) => {
  const root = temporaryFolder(t);
  writeFiles(root, { ...fixtureParts, "src/framings/bad.ts": "export class Bad implements Framing {}\n" });
  const { status, err } = run(root, "generate");
  t.is(status, 2);
  t.regex(err[0] ?? "", /^src\/framings\/bad\.ts:1:\d+: Bad /);
  t.false(filesIn(root).some((path) => path.startsWith("generated/")));
});

test("something in the way: status 2", (t) => {
  const root = temporaryFolder(t);
  writeFiles(root, { ...fixtureParts, "generated/index.ts": "export {};\n" });
  const { status, err } = run(root, "generate");
  t.is(status, 2);
  t.regex(err.join("\n"), /index\.ts was not generated and is not overwritten/);
  t.deepEqual(filesIn(join(root, "generated")), ["index.ts"]);
});

test("bad arguments: status 2", (t) => {
  const root = temporaryFolder(t);
  t.is(run(root).status, 2);
  t.is(run(root, "destroy").status, 2);
  t.is(run(root, "generate", "--nonsense").status, 2);
});

test("source is never executed", (t) => {
  const root = temporaryFolder(t);
  const path = "src/framings/plain.ts";
  const text = `throw new Error("executed");\n${fixtureParts[path] ?? ""}`;
  writeFiles(root, { ...fixtureParts, [path]: text });
  t.is(run(root, "generate").status, 0);
});
