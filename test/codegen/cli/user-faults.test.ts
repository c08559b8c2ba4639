/** The faults of input that the generator has to refuse, when it works for users. */
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { compile, plibIo, tabFraming, userProject } from "../user-workspace.ts";
import { filesIn, temporaryFolder, writeFiles } from "../workspace.ts";

const generate = ["generate", "--framing", "src/tab.ts#TabFraming"];

/** Expects status 2 and that nothing is written, and gives what was said. */
async function refused(
  t: ExecutionContext,
  folder: string,
  args: readonly string[] = generate,
): Promise<readonly string[]> {
  const before = filesIn(folder);
  const { status, err, out } = await plibIo(folder, args, false);
  t.is(status, 2, err.join("\n"));
  t.deepEqual(out, []);
  t.deepEqual(filesIn(folder), before);
  return err;
}

/** The framing with some text replaced. */
function edited(from: string, to: string): Readonly<Record<string, string>> {
  if (!tabFraming.includes(from)) throw new Error(`the framing has no ${from}`);
  return { "src/tab.ts": tabFraming.replaceAll(from, to) };
}

test("names of classes that are reserved or malicious", async (t) => {
  const cases: [string, RegExp][] = [
    ["__proto__", /^src\/tab\.ts:19:14: the name "__proto__" is reserved/],
    ["Promise", /^src\/tab\.ts:19:14: the name "Promise" hides a global/],
    ["Täb", /is not a plain ASCII identifier/],
  ];
  for (const [name, expected] of cases) {
    const folder = userProject(t, edited("class TabFraming", `class ${name}`));
    t.regex((await refused(t, folder, ["generate", "--framing", `src/tab.ts#${name}`]))[0] ?? "", expected);
  }
  const folder = userProject(t);
  for (const name of ["{{x}}", "Tab Framing", "x; process.exit()", "../tab", "constructor", ""]) {
    const [line = ""] = await refused(t, folder, ["generate", "--framing", `src/tab.ts#${name}`]);
    t.is(line, `src/tab.ts:1:1: no class ${name} is exported here; exported classes: TabFraming`);
  }
});

test("suffixes with template syntax, line separators, paths; and those that are taken", async (t) => {
  const suffixes = ["With{{x}}", "../../evil", "X\u2028", "__proto__", "with", "With Tab", "X;", `W${"x".repeat(64)}`];
  const folder = userProject(t);
  for (const suffix of suffixes) {
    const [line = ""] = await refused(t, folder, [...generate, "--suffix", suffix]);
    t.regex(line, /^suffix "[^]*" must be empty or like "WithNmea"/, suffix);
  }
  for (const suffix of ["WithTerminator", "withterminator".replace("w", "W"), "WithSHUTDOWN"]) {
    const err = await refused(t, folder, [...generate, "--suffix", suffix]);
    t.regex(err[0] ?? "", /suffix "\w+" is taken by \w+Framing of plib-io/);
  }
  t.regex((await refused(t, userProject(t, edited('"WithTab"', '""'))))[0] ?? "", /suffix "" is taken by BasicFraming/);
  writeFiles(folder, { "src/tub.ts": tabFraming.replaceAll("Tab", "Tub").replace('"WithTub"', '"WithTAB"') });
  const err = await refused(t, folder, [...generate, "--framing", "src/tub.ts"]);
  t.regex(err[0] ?? "", /suffix "WithT\w+" is taken by T\wbFraming .*letter case aside/);
});

test("docs, types and defaults with template syntax and comment ends come out harmless", async (t) => {
  const nasty = tabFraming
    .replace("How many tabs end a message.", "Evil {{constructor}} *\\/ {{/each}} ${x} `y` \u2028 process.exit(1)")
    .replace("Each message ends with a tab.", "Text <!-- --> {{{raw}}} /* nested {@link Foo} \\u2028")
    .replace("tabs?: number;", 'tabs?: number;\n  /** A type. */\n  mark?: "*/" | `{{x}}` | "\\u2028" | "</script>";');
  const folder = userProject(t, { "src/tab.ts": nasty });
  const { status, err } = await plibIo(folder, generate);
  t.deepEqual(err, []);
  t.is(status, 0);
  t.deepEqual(compile(folder), []);
  const text = readFileSync(join(folder, "src/channels/async/async-socket-client-with-tab.ts"), "utf8");
  t.true(text.includes("Evil {{constructor}}"));
  t.false(/[\u2028\u2029]/.test(text));
});

test("paths of sources that could break out of a comment or a string", async (t) => {
  for (const name of ["a\nprocess.exit().ts", "b\u2028.ts", "c\r.ts"]) {
    const folder = userProject(t, { [`src/${name}`]: tabFraming });
    const [line = ""] = await refused(t, folder, ["generate", "--framing", `src/${name}`]);
    t.regex(line, /has control characters or line breaks in it$/);
  }
  for (const name of ["a#b.ts", "a?.ts", "100%.ts"]) {
    const [line = ""] = await refused(t, userProject(t, { [name]: tabFraming }), ["generate", "--framing", name]);
    t.regex(line, /has "#", "\?" or "%" in it, which an import cannot hold$/);
  }
  const odd = 'src/it\'s 1, "quoted" */ {{x}}.ts';
  const folder = userProject(t, { [odd]: tabFraming });
  t.is((await plibIo(folder, ["generate", "--framing", odd])).status, 0);
  t.deepEqual(compile(folder), []);
});

test("the folder to write to: outside of the project, in packages, behind a link, a file", async (t) => {
  const folder = userProject(t, { "src/file": "text" });
  const elsewhere = temporaryFolder(t);
  symlinkSync(elsewhere, join(folder, "link"));
  const cases: [string, RegExp][] = [
    ["..", /is outside of/],
    ["../other", /is outside of/],
    [elsewhere, /is outside of/],
    ["/", /is outside of/],
    ["node_modules/x", /is inside of node_modules/],
    ["link", /is a symbolic link/],
    ["link/deeper", /is a symbolic link/],
    ["src/file", /is in the way: a folder is needed there/],
    ["x\ny", /has control characters/],
  ];
  for (const [out, expected] of cases) {
    t.regex((await refused(t, folder, [...generate, "--out", out]))[0] ?? "", expected, out);
  }
  t.deepEqual(filesIn(elsewhere), []);
});

test("something in the way of a target: written by hand, a link, other letter case", async (t) => {
  const folder = userProject(t, { "src/channels/index.ts": "export {};\n" });
  t.regex((await refused(t, folder))[0] ?? "", /index\.ts was not generated and is not overwritten/);
  const linked = userProject(t);
  const elsewhere = temporaryFolder(t);
  mkdirSync(join(linked, "src/channels"));
  symlinkSync(elsewhere, join(linked, "src/channels/async"));
  t.regex((await refused(t, linked))[0] ?? "", /async is a symbolic link/);
  t.deepEqual(filesIn(elsewhere), []);
  const cased = userProject(t, { "src/channels/INDEX.ts": "export {};\n" });
  t.regex((await refused(t, cased))[0] ?? "", /INDEX\.ts, which was not generated, is in the way of index\.ts/);
});

test("the package's own generated files are never taken for leftovers", async (t) => {
  const folder = userProject(t);
  t.is((await plibIo(folder, [...generate, "--out", "."])).status, 0);
  t.true(existsSync(join(folder, "node_modules/plib-io/generated/index.ts")));
  t.true(existsSync(join(folder, "index.ts")));
});

test("source that does not parse, or is not there, or is no source", async (t) => {
  const [line = ""] = await refused(t, userProject(t, edited("encode(payload", "encode(((payload")));
  t.regex(line, /^src\/tab\.ts:36:\d+: does not parse: /);
  const folder = userProject(t, { "src/tab.js": "export class A {}\n", "src/x.d.ts": "export {};\n" });
  t.regex(
    (await refused(t, folder, ["generate", "--framing", "src/none.ts"]))[0] ?? "",
    /^there is no file .*none\.ts$/,
  );
  t.regex((await refused(t, folder, ["generate", "--framing", "src"]))[0] ?? "", /is not TypeScript source/);
  t.regex((await refused(t, folder, ["generate", "--framing", "src/tab.js"]))[0] ?? "", /is not TypeScript source/);
  t.regex((await refused(t, folder, ["generate", "--framing", "src/x.d.ts"]))[0] ?? "", /is not TypeScript source/);
});

test("a class that does not fit the contract: what is missing, and where", async (t) => {
  const cases: [string, string, string][] = [
    ["  encode(payload", "  write(payload", "src/tab.ts:19:14: TabFraming is not a framing: it has no method encode()"],
    [
      "  decode<Message>",
      "  private decode<Message>",
      "src/tab.ts:19:14: TabFraming is not a framing: decode() is not public",
    ],
    ["export class", "export abstract class", "src/tab.ts:19:23: TabFraming must not be abstract"],
    ["export class", "class", "src/tab.ts:1:1: no class TabFraming is exported here; exported classes: none"],
    [
      "export interface",
      "interface",
      "src/tab.ts:24:24: TabFramingOptions must be an exported interface, imported by a relative path or declared here",
    ],
    ["tabs?: number", "encoding?: number", ""],
    [
      'static readonly suffix = "WithTab"',
      'static readonly suffix = ["With"].join()',
      'src/tab.ts:20:28: TabFraming needs `static readonly suffix = "…"`, a plain string',
    ],
    [
      '= "message"',
      '= "half-close"',
      'src/tab.ts:19:14: TabFraming ends messages with a half-close, so it needs requires = ["half-close"]',
    ],
  ];
  for (const [from, to, expected] of cases) {
    const [line = ""] = await refused(t, userProject(t, edited(from, to)));
    if (expected === "") t.regex(line, /option .*encoding.* differs from .*encoding/);
    else t.is(line, expected);
  }
  const wishful = edited("  readonly #tabs", '  static readonly requires = ["magic"] as const;\n  readonly #tabs');
  const [line = ""] = await refused(t, userProject(t, wishful));
  t.regex(
    line,
    /^src\/tab\.ts:19:14: TabFraming has no class: TabFraming needs "magic", which \w+Device does not provide/,
  );
});

test("choices that do not exist", async (t) => {
  const folder = userProject(t);
  t.deepEqual(
    await refused(t, folder, [...generate, "--modes", "sync", "--devices", "usb", "--roles", "peer,client"]),
    [
      'modes: there is no "sync"; there are async, blocking',
      'devices: there is no "usb"; there are serial, socket',
      'roles: there is no "peer"; there are base-request-handler, client, persistent, persistent-request-handler, server',
    ],
  );
  t.regex(
    (await refused(t, folder, [...generate, "--extension", ".mjs"]))[0] ?? "",
    /^extension is "\.mjs", but must be/,
  );
  t.regex((await refused(t, folder, ["generate"]))[0] ?? "", /^no framing: give --framing FILE#Class/);
  const two = [...generate, "--framing", "src/tab.ts", "--suffix", "WithX"];
  t.regex((await refused(t, folder, two))[0] ?? "", /^--suffix needs exactly one/);
});

test("source is never executed", async (t) => {
  const mark =
    'import { writeFileSync } from "node:fs";\nwriteFileSync("executed", "");\nthrow new Error("executed");\n';
  const config = 'export default defineConfig({ framings: ["src/tab.ts"] });\n';
  const folder = userProject(t, {
    "src/tab.ts": `${mark}${tabFraming}`,
    "plib-io.config.ts": `${mark}import { defineConfig } from "plib-io/config";\n${config}`,
  });
  const { status } = await plibIo(folder, ["generate"]);
  t.is(status, 0);
  t.false(existsSync(join(folder, "executed")));
  t.false(existsSync("executed"));
});
