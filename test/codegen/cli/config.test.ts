import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { defineConfig } from "../../../codegen/cli/config.ts";
import { plibIo, tabFraming, userProject } from "../user-workspace.ts";
import { filesIn, writeFiles } from "../workspace.ts";

/** The files that a configuration leads to, below the folder that it names. */
async function filesWith(t: ExecutionContext, files: Readonly<Record<string, string>>): Promise<string[]> {
  const folder = userProject(t, files);
  const { status, err } = await plibIo(folder, ["generate"]);
  t.deepEqual(err, []);
  t.is(status, 0);
  return filesIn(join(folder, "gen"));
}

/** What is said of a configuration that cannot be used. Nothing is written. */
async function problemsWith(
  t: ExecutionContext,
  name: string,
  text: string,
  args: readonly string[] = [],
): Promise<readonly string[]> {
  const folder = userProject(t, { [name]: text });
  const before = filesIn(folder);
  const { status, err } = await plibIo(folder, ["generate", ...args]);
  t.is(status, 2, err.join("\n"));
  t.deepEqual(filesIn(folder), before);
  return err.map((line) => line.replace(`${folder}/`, ""));
}

const expected = ["async.ts", "async/async-serial-client-with-tab.ts", "index.ts"];
const settings =
  '{ framings: ["src/tab.ts#TabFraming"], out: "gen", modes: ["async"], devices: ["serial"], roles: ["client"] }';

test("a configuration in TypeScript is read as it is written, in every usual form", async (t) => {
  const forms = [
    `import { defineConfig } from "plib-io/config";\nexport default defineConfig(${settings});\n`,
    `import type { PlibIoConfig } from "plib-io/config";\nexport default ${settings} satisfies PlibIoConfig;\n`,
    `const config = ${settings};\nexport default config;\n`,
    `const out = "gen";\nconst tab = { file: \`src/tab.ts\`, class: "TabFraming" } as const;\nconst config = { framings: [tab], out, "modes": ["async"], devices: ["serial"], roles: ["client"] };\nexport default (config);\n`,
  ];
  for (const text of forms) t.deepEqual(await filesWith(t, { "plib-io.config.ts": text }), expected, text);
});

test("a configuration in JavaScript is imported; one in JSON may hold comments", async (t) => {
  const script = `const names = ["as" + "ync"];\nexport default { ...${settings}, modes: names };\n`;
  t.deepEqual(await filesWith(t, { "plib-io.config.js": script }), expected);
  const json = settings.replace(/(\w+):/g, '"$1":');
  t.deepEqual(await filesWith(t, { "plib-io.config.json": `// mine\n${json}\n` }), expected);
});

test("another place, by --config: paths are relative to it", async (t) => {
  const folder = userProject(t, { "sub/my.config.ts": `export default ${settings};\n`, "sub/src/tab.ts": tabFraming });
  t.is((await plibIo(folder, ["generate", "--config", "sub/my.config.ts"])).status, 0);
  t.deepEqual(filesIn(join(folder, "sub/gen")), expected);
});

test("the command line replaces what the configuration says, item by item", async (t) => {
  const folder = userProject(t, { "plib-io.config.ts": `export default ${settings};\n` });
  t.is((await plibIo(folder, ["generate", "--out", "other", "--roles", "server", "--suffix", "WithX"])).status, 0);
  t.deepEqual(filesIn(join(folder, "other")), ["async.ts", "async/async-serial-server-with-x.ts", "index.ts"]);
});

test("a framing's own suffix, and all framings of a file", async (t) => {
  const two = `${tabFraming}\nexport class TubFraming extends TabFraming {\n  static override readonly suffix = "WithTub";\n}\n`;
  const config = settings.replace('"src/tab.ts#TabFraming"', '"src/two.ts"');
  const found = await filesWith(t, { "src/two.ts": two, "plib-io.config.ts": `export default ${config};\n` });
  t.deepEqual(found, ["async.ts", expected[1], "async/async-serial-client-with-tub.ts", "index.ts"]);
  const named = settings.replace('"src/tab.ts#TabFraming"', '{ file: "src/tab.ts", suffix: "WithOther" }');
  const others = await filesWith(t, { "plib-io.config.ts": `export default ${named};\n` });
  t.true(others.includes("async/async-serial-client-with-other.ts"));
});

test("the extension of imports", async (t) => {
  const folder = userProject(t, { "plib-io.config.ts": `export default ${settings};\n` });
  const importLine = (): string | undefined =>
    /import \{ TabFraming \} from (.*);/.exec(readFileSync(join(folder, `gen/${expected[1]}`), "utf8"))?.[1];
  for (const [extension, specifier] of [
    [".ts", '"../../src/tab.ts"'],
    ["none", '"../../src/tab"'],
    [".js", '"../../src/tab.js"'],
  ] as const) {
    t.is((await plibIo(folder, ["generate", "--extension", extension])).status, 0);
    t.is(importLine(), specifier);
  }
  writeFiles(folder, { "base.json": '{ "compilerOptions": { "moduleResolution": "bundler", "module": "esnext" } }' });
  writeFileSync(join(folder, "tsconfig.json"), '{ "extends": "./base.json" }');
  t.is((await plibIo(folder, ["generate"])).status, 0);
  t.is(importLine(), '"../../src/tab"', "what tsconfig.json extends counts");
});

test("mistakes are told with their place, all at once", async (t) => {
  const name = "plib-io.config.ts";
  const text = `export default {
  framings: ["src/tab.ts", { file: 1 }, { fiel: "x" }],
  out: ["gen"],
  modes: "async",
  roles: ["client", 7],
  extension: ".mjs",
  "__proto__": {},
  colour: "red",
};
`;
  t.deepEqual(await problemsWith(t, name, text), [
    `${name}:2:28: a framing is "FILE#Class", or { file, class, suffix }, each a string`,
    `${name}:2:41: a framing is "FILE#Class", or { file, class, suffix }, each a string`,
    `${name}:3:8: out must be a string`,
    `${name}:4:10: modes must be a list of strings`,
    `${name}:5:10: roles must be a list of strings`,
    `${name}:6:14: extension is ".mjs", but must be ".js", ".ts" or "" (none)`,
    `${name}:7:16: there is no setting "__proto__"; there are framings, out, modes, devices, roles, extension`,
    `${name}:8:11: there is no setting "colour"; there are framings, out, modes, devices, roles, extension`,
  ]);
  const wrong = settings.replace('"serial"', '"usb"').replace("gen", "../gen");
  const problems = await problemsWith(t, name, `export default ${wrong};\n`);
  t.regex(problems[0] ?? "", /^plib-io\.config\.ts:1:60: .*gen is outside of/);
  const choice = await problemsWith(t, name, `export default ${settings.replace('"serial"', '"usb"')};\n`);
  t.deepEqual(choice, [`${name}:1:94: devices: there is no "usb"; there are serial, socket`]);
  const gone = await problemsWith(t, name, `export default ${settings.replace("tab.ts#", "none.ts#")};\n`);
  t.regex(gone[0] ?? "", /^plib-io\.config\.ts:1:29: there is no file src\/none\.ts$/);
});

test("what is not written out is not run", async (t) => {
  const name = "plib-io.config.ts";
  for (const [text, place] of [
    ["export default { framings: [process.env.FRAMING] };", "1:29"],
    ["export default { framings: list() };", "1:28"],
    ["export default { ...base };", "1:18"],
    ["const a = b;\nconst b = a;\nexport default a;", "2:11"],
    ["let out = 'gen';\nexport default { framings: [], out };", "2:32"],
    ["export default makeConfig({ framings: [] });", "1:16"],
    ['export default { ["out"]: "gen" };', "1:18"],
  ] as const) {
    const [problem = ""] = await problemsWith(t, name, text);
    t.true(problem.startsWith(`${name}:${place}: this is read without being run: write `), `${text}: ${problem}`);
  }
});

test("configurations that do not parse, export nothing, throw, or are not there", async (t) => {
  t.regex(
    (await problemsWith(t, "plib-io.config.ts", "export default {\n  framings: [,\n"))[0] ?? "",
    /ts:\d:\d+: does not parse/,
  );
  t.regex(
    (await problemsWith(t, "plib-io.config.ts", "export const x = 1;\n"))[0] ?? "",
    /ts:1:1: has no default export/,
  );
  t.regex(
    (await problemsWith(t, "plib-io.config.ts", "export default [];\n"))[0] ?? "",
    /ts:1:16: a configuration is an object/,
  );
  t.regex((await problemsWith(t, "plib-io.config.json", '{ "out": \n'))[0] ?? "", /json:\d:\d+: does not parse/);
  t.regex((await problemsWith(t, "plib-io.config.json", ""))[0] ?? "", /json:1:1: /);
  t.regex(
    (await problemsWith(t, "plib-io.config.js", "throw new Error('no');"))[0] ?? "",
    /js:1:1: cannot be imported: no/,
  );
  t.regex(
    (await problemsWith(t, "plib-io.config.js", "export const x = 1;"))[0] ?? "",
    /js:1:1: has no default export/,
  );
  t.regex((await problemsWith(t, "x.ts", "", ["--config", "none.ts"]))[0] ?? "", /^there is no file none\.ts$/);
});

test("defineConfig returns what it is given", (t) => {
  const config = { framings: ["a.ts"] };
  t.is(defineConfig(config), config);
});
