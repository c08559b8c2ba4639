import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { PartsError } from "../../../codegen/read/problems.ts";
import { generateProject } from "../../../codegen/cli/package-project.ts";
import { fixtureParts } from "../fixture-parts.ts";
import { temporaryFolder, writeFiles } from "../workspace.ts";

/** Generates from the fixture with some files replaced, and gives the problems as `path:line:column: message`. */
function problemsWith(t: ExecutionContext, files: Readonly<Record<string, string>>): string[] {
  const folder = temporaryFolder(t);
  writeFiles(folder, { ...fixtureParts, ...files });
  const error = t.throws(() => generateProject(folder), { instanceOf: PartsError });
  return error.problems.map(({ position, message }) => {
    const path = position?.file.replace(`${join(folder, "src")}/`, "");
    return `${path}:${position?.line}:${position?.column}: ${message}`;
  });
}

/** One file of the fixture with some text replaced. */
function edited(path: string, from: string, to: string): Record<string, string> {
  const text = fixtureParts[path] ?? "";
  if (!text.includes(from)) throw new Error(`${path} has no ${from}`);
  return { [path]: text.replace(from, to) };
}

const framing = "src/framings/plain.ts";
const device = "src/devices/wire.ts";
const role = "src/roles/client.ts";

test("the fixture itself is good", (t) => {
  const folder = temporaryFolder(t);
  writeFiles(folder, fixtureParts);
  const { schema, files } = generateProject(folder);
  t.deepEqual(
    schema.cells.map((cell) => cell.className),
    ["AsyncWireClient"],
  );
  t.true(files.get("async/async-wire-client.ts")?.includes('new AsyncWireClient({ path: "/dev/wire" });'));
});

test("source that does not parse", (t) => {
  const [problem = ""] = problemsWith(t, edited(framing, "encode(payload", "encode(((payload"));
  t.regex(problem, /^framings\/plain\.ts:15:10: does not parse: \w+/);
});

test("a class that does not fit the framing contract", (t) => {
  t.deepEqual(problemsWith(t, edited(framing, "  decode(): undefined {}\n", "")), [
    "framings/plain.ts:10:14: PlainFraming is not a framing: it has no method decode()",
  ]);
  t.deepEqual(problemsWith(t, edited(framing, 'static readonly suffix = "";', 'static readonly suffix = "a" + "b";')), [
    'framings/plain.ts:11:28: PlainFraming needs `static readonly suffix = "…"`, a plain string',
  ]);
  t.deepEqual(problemsWith(t, edited(framing, '= "message"', '= "never"')), [
    'framings/plain.ts:12:41: boundary is "never", but must be one of "message", "half-close", "channel"',
  ]);
  t.deepEqual(problemsWith(t, edited(framing, "export class", "export abstract class")), [
    "framings/plain.ts:10:23: PlainFraming must not be abstract",
  ]);
  t.deepEqual(problemsWith(t, edited(framing, "export class", "export default class")), [
    "framings/plain.ts:10:22: PlainFraming must be exported by name, not as default",
  ]);
  t.deepEqual(problemsWith(t, { [framing]: "export const x = 1;\n" }), [
    'framings/plain.ts:1:1: no exported framing class here: one with `static readonly suffix = "With…"`',
  ]);
});

test("names that are reserved or malicious", (t) => {
  t.regex(
    problemsWith(t, edited(framing, "PlainFraming", "Promise"))[0] ?? "",
    /^framings\/plain\.ts:10:14: the name "Promise" hides/,
  );
  t.regex(problemsWith(t, edited(framing, "PlainFraming", "__proto__"))[0] ?? "", /the name "__proto__" is reserved/);
  for (const suffix of ["../../evil", "With {{x}}", "X\\u2028", "x; process.exit()", "__proto__"]) {
    const [problem = ""] = problemsWith(t, edited(framing, 'suffix = ""', `suffix = "${suffix}"`));
    t.regex(problem, /^framings\/plain\.ts:10:14: suffix "[^]+" must be empty or like "WithNmea"/);
  }
  t.deepEqual(problemsWith(t, edited(framing, "  limit?: number;", "  __proto__?: number;")), [
    'framings/plain.ts:4:3: option "__proto__" is reserved',
  ]);
  t.regex(
    problemsWith(t, edited(device, '"Wire"', '"wire/../x"'))[0] ?? "",
    /^devices\/wire\.ts:7:14: deviceName "wire/,
  );
});

test("options that cannot be flattened", (t) => {
  t.deepEqual(problemsWith(t, edited(framing, "  limit?: number;", "  [name: string]: number;")), [
    "framings/plain.ts:4:3: an options interface has properties and methods only",
  ]);
  t.deepEqual(problemsWith(t, edited(framing, "export interface PlainOptions", "interface PlainOptions")), [
    "framings/plain.ts:13:33: PlainOptions must be an exported interface, imported by a relative path or declared here",
  ]);
  t.deepEqual(problemsWith(t, edited(framing, "limit?: number;", "limit?: Secret;\n}\ninterface Secret { a: 1;")), [
    "framings/plain.ts:4:11: Secret must be exported: the generated options mention it",
  ]);
  t.deepEqual(problemsWith(t, edited(framing, "limit?: number;", 'limit?: import("node:net").Socket;')), [
    "framings/plain.ts:4:11: write this inline import as an import declaration",
  ]);
  t.deepEqual(problemsWith(t, edited(framing, "PlainOptions {", "PlainOptions extends PlainOptions {")), [
    "framings/plain.ts:2:1: PlainOptions extends itself",
  ]);
  t.deepEqual(problemsWith(t, edited(framing, "options: PlainOptions", "options: { limit?: number }")), [
    "framings/plain.ts:13:33: the first parameter must have an exported interface as its type",
  ]);
});

test("an option for a role that there is none of", (t) => {
  const path = edited(device, "/** The path. */", "/** The path.\n   * @roles *Client Server */");
  t.deepEqual(problemsWith(t, path), [
    'devices/wire.ts:15:3: @roles of option "path" names "Server", which is no role\'s className',
  ]);
});

test("two parts with the same option and different types", (t) => {
  const [problem = "", ...others] = problemsWith(t, edited(framing, "limit?: number;", "path?: number;"));
  t.deepEqual(others, []);
  t.regex(
    problem,
    /^framings\/plain\.ts:4:3: option PlainOptions\.path: number differs from WireOptions\.path: string \(.*wire\.ts:14:3\)/,
  );
});

test("two parts that want the same place", (t) => {
  const twin = (fixtureParts[framing] ?? "").replace("PlainFraming", "TwinFraming");
  const [problem = ""] = problemsWith(t, { "src/framings/twin.ts": twin });
  t.regex(problem, /^framings\/twin\.ts:10:14: suffix "" is taken by PlainFraming/);
  const upper = twin.replace('suffix = ""', 'suffix = "WithNMEA"');
  const lower = upper.replace("TwinFraming", "OtherFraming").replace("WithNMEA", "WithNmea");
  const [clash = ""] = problemsWith(t, { "src/framings/twin.ts": upper, "src/framings/zother.ts": lower });
  t.regex(clash, /suffix "WithNmea" is taken by TwinFraming .*letter case aside/);
});

test("roles that cannot be placed", (t) => {
  t.deepEqual(
    problemsWith(
      t,
      edited(
        role,
        "<Encoding extends BufferEncoding | undefined, Link>",
        "<Encoding extends BufferEncoding | undefined, Other>",
      ),
    ).slice(0, 1),
    ["roles/client.ts:15:80: type parameter Other must be one of Encoding, Link, Framing, Self"],
  );
  t.deepEqual(problemsWith(t, { "src/modes/async/async-channel.ts": "export {};\n" }), [
    'roles/client.ts:15:23: mode "async" needs an exported class with a @phrase in modes/async.ts',
  ]);
  t.deepEqual(problemsWith(t, edited(role, "{{address}}", "{{nonsense}}")), [
    "roles/client.ts:15:23: the example of AsyncClient has {{nonsense}}, which AsyncWireClient has nothing for",
  ]);
  const [problem = ""] = problemsWith(t, edited(role, '"*Client"', '"Handler"'));
  t.is(problem, 'roles/client.ts:15:23: className "Handler" needs a "*" for the device that the role opens');
});

test("all problems are told at once, in the order of files and lines", (t) => {
  const problems = problemsWith(t, {
    ...edited(framing, 'static readonly suffix = "";', ""),
    ...edited(role, '"connect"', '"push"'),
  });
  t.deepEqual(problems, [
    'framings/plain.ts:10:1: PlainFraming needs `static readonly suffix = "…"`, a plain string',
    'roles/client.ts:18:27: opens is "push", but must be one of "connect", "listen", "nothing"',
  ]);
});

test("constraints of parts leave classes out, with the reason", (t) => {
  const reasonsWith = (files: Readonly<Record<string, string>>): (readonly string[])[] => {
    const folder = temporaryFolder(t);
    writeFiles(folder, { ...fixtureParts, ...files });
    const { schema } = generateProject(folder);
    t.is(schema.cells.length, 0);
    return schema.leftOut.map((each) => each.reasons);
  };
  const withRequires = edited(
    framing,
    'suffix = "";',
    'suffix = "";\n  static readonly requires = ["half-close"] as const;',
  );
  t.deepEqual(reasonsWith(withRequires), [['PlainFraming needs "half-close", which WireDevice does not provide']]);
  const withExcludes = edited(role, '"connect";', '"connect";\n  static readonly excludes = ["ends"] as const;');
  t.deepEqual(reasonsWith(withExcludes), [['AsyncClient is for devices without "ends", which WireDevice has']]);
  t.deepEqual(reasonsWith(edited(role, '"connect";', '"listen";')), [
    ['WireDevice has no async "listen": there is no function listenAsyncWire'],
  ]);
});
