import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import test from "ava";
import { generateProject } from "../../../codegen/cli/package-project.ts";
import { compile, plibIo, tabFraming, tsconfig, userProject } from "../user-workspace.ts";
import { filesIn, root, writeFiles } from "../workspace.ts";

const own = generateProject(root).schema;
const readWrite = own.cells.filter((cell) => cell.framing.suffix === "WithReadWrite");

/** What is in the folder that is written to by default. */
function generatedIn(folder: string): string[] {
  return filesIn(join(folder, "src")).filter((path) => path.startsWith("channels/"));
}

test("a framing gets a class for everything that it fits, under the name of the package's own with its suffix", async (t) => {
  const folder = userProject(t);
  const { status, out, err } = await plibIo(folder, ["generate", "--framing", "src/tab.ts#TabFraming"]);
  t.is(status, 0);
  t.deepEqual(err, []);
  t.is(out.at(-1), `${readWrite.length} classes, ${readWrite.length + 3} files, ${readWrite.length + 3} changed`);
  const files = readWrite.map((cell) => `channels/${cell.file.replace("with-read-write", "with-tab")}`);
  t.deepEqual(
    generatedIn(folder),
    ["channels/async.ts", "channels/blocking.ts", "channels/index.ts", ...files].toSorted(),
  );
  const client = readFileSync(join(folder, "src/channels/async/async-socket-client-with-tab.ts"), "utf8");
  t.true(
    client.includes(
      "// from plib-io/src/roles/client/async-client.ts, plib-io/src/devices/socket/socket.ts, src/tab.ts",
    ),
  );
  t.true(client.includes(" * Each message ends with a tab.\n"));
  t.true(client.includes("   * How many tabs end a message.\n   *\n   * @defaultValue 1\n   */\n  tabs?: number;\n"));
  t.true(client.includes(' * import { AsyncSocketClientWithTab } from "./channels/index.js";\n'));
  t.true(client.includes('} from "plib-io/runtime/async-socket-client";\n'));
  t.true(client.includes('import { TabFraming } from "../../tab.js";\n'));
});

test("what is generated compiles under the strictest settings, whatever finds its imports, and works", async (t) => {
  const main = `
import { AsyncBaseRequestHandlerWithTab, AsyncSocketServerWithTab } from "./channels/indexEND";
import { PersistentSocketWithTab, SocketClientWithTab, type SocketClientWithTabOptions } from "./channels/asyncEND";
import { SocketClientWithTab as BlockingClient } from "./channels/blockingEND";

class Twice extends AsyncBaseRequestHandlerWithTab<"utf8"> {
  override processData(data: string): void {
    this.start(data + data);
  }
}
const server = new AsyncSocketServerWithTab({ host: "127.0.0.1", port: 0, tabs: 2, encoding: "utf8", handler: Twice });
await server.listen();
const address = server.address();
if (address.port === undefined) throw new Error("no port");
const options = { host: "127.0.0.1", port: address.port, encoding: "utf8", tabs: 2 } as const;
options satisfies SocketClientWithTabOptions<"utf8">;
const replies = [await new SocketClientWithTab(options).clientCommunicate("ab")];
const socket = new PersistentSocketWithTab(options);
await socket.connect();
socket.start("c");
for await (const message of socket) {
  replies.push(message);
  socket.finish();
}
await server.close();
console.log(replies.join(), BlockingClient.framing === SocketClientWithTab.framing);
`;
  const ways = [
    { end: ".js", options: { module: "nodenext" } },
    { end: ".ts", options: { module: "nodenext", rewriteRelativeImportExtensions: true } },
    { end: "", options: { module: "esnext", moduleResolution: "bundler", noEmit: true } },
    { end: ".ts", options: { module: "preserve", allowImportingTsExtensions: true, noEmit: true } },
  ];
  for (const { end, options } of ways) {
    const folder = userProject(t, { "tsconfig.json": tsconfig(options), "src/main.ts": main.replaceAll("END", end) });
    t.is((await plibIo(folder, ["generate", "--framing", "src/tab.ts"])).status, 0);
    t.deepEqual(compile(folder), [], JSON.stringify(options));
    if ("noEmit" in options) continue;
    const { stdout, stderr } = spawnSync(process.execPath, ["dist/main.js"], { cwd: folder, encoding: "utf8" });
    t.is(stderr, "");
    t.is(stdout, "abab,cc true\n");
  }
});

test("a server takes handlers of its own framing only, also of users' framings", async (t) => {
  const other = tabFraming.replaceAll("Tab", "Bar").replace("(options.tabs ?? 1, 9)", "(options.tabs ?? 1, 124)");
  const folder = userProject(t, {
    "src/bar.ts": other,
    "src/main.ts": `
import { AsyncBaseRequestHandlerWithBar, AsyncBaseRequestHandlerWithTab, AsyncSocketServerWithTab } from "./channels/index.js";
new AsyncSocketServerWithTab({ port: 1, handler: AsyncBaseRequestHandlerWithTab });
// @ts-expect-error another framing
new AsyncSocketServerWithTab({ port: 1, handler: AsyncBaseRequestHandlerWithBar });
`,
  });
  t.is((await plibIo(folder, ["generate", "--framing", "src/tab.ts", "--framing", "src/bar.ts"])).status, 0);
  t.deepEqual(compile(folder), []);
  const { stderr, status } = spawnSync(process.execPath, ["dist/main.js"], { cwd: folder, encoding: "utf8" });
  t.not(status, 0);
  t.regex(stderr, /ERR_OPTIONS/);
});

test("options may use types of the user, of packages and of plib-io; names that the runtime has are not imported twice", async (t) => {
  const folder = userProject(t, {
    "src/types/index.ts": 'export type { Side as Edge } from "./side.js";\nexport * from "./base.js";\n',
    "src/types/side.ts": 'export type Side = "left" | "right";\n',
    "src/types/base.ts": "export interface Base {\n  /** What is drawn. */\n  edge?: string;\n}\n",
    "src/line.ts": `
import type { Socket } from "node:net";
import type { Data, SocketLink } from "plib-io";
import { TerminatorFraming, type TerminatorFramingOptions } from "plib-io/data";
import { type Base, type Edge } from "./types/index.js";

/** The options of line framing. */
export interface LineFramingOptions extends TerminatorFramingOptions, Base {
  /** The side. */
  side?: Edge;
  /** More. */
  more?: Data | readonly Socket[] | SocketLink;
}

/** Lines, as those of plib-io. */
export class LineFraming extends TerminatorFraming {
  static override readonly suffix = "WithLine";
  readonly side: Edge;
  constructor(options: LineFramingOptions) {
    super(options);
    this.side = options.side ?? "left";
  }
}
`,
  });
  const { status, err } = await plibIo(folder, ["generate", "--framing", "src/line.ts#LineFraming"]);
  t.deepEqual(err, []);
  t.is(status, 0);
  // LineFraming narrows a static of its base, which the compiler minds; nothing else is wrong.
  t.deepEqual(
    compile(folder).filter((line) => !/TS2417|^ /.test(line)),
    [],
  );
  const client = readFileSync(join(folder, "src/channels/async/async-serial-client-with-line.ts"), "utf8");
  t.true(client.includes("  terminator?: Data | readonly Data[];\n"));
  t.true(client.includes("  /** What is drawn. */\n  edge?: string;\n"));
  t.true(client.includes("  side?: Edge;\n"));
  t.true(client.includes('import type { SocketLink } from "plib-io";\n'));
  t.is(client.split("export class")[0]?.match(/\btype Data\b/g)?.length, 1);
});

test("--suffix names classes otherwise; a framing for sockets gets no serial classes", async (t) => {
  const half = tabFraming
    .replace('boundary: MessageBoundary = "message"', 'boundary: MessageBoundary = "half-close"')
    .replace("  readonly #tabs", '  static readonly requires = ["half-close"] as const;\n  readonly #tabs');
  const folder = userProject(t, { "src/half.ts": half });
  const args = ["generate", "--framing", "src/half.ts#TabFraming", "--suffix", "WithHalf", "--out", "gen"];
  t.is((await plibIo(folder, args)).status, 0);
  const files = filesIn(join(folder, "gen"));
  t.true(files.includes("async/async-socket-client-with-half.ts"));
  t.false(files.some((path) => path.includes("serial")));
  t.is((await plibIo(folder, [...args, "--devices", "serial"])).status, 2);
});

test("generating again gives the same bytes, also from a copy elsewhere", async (t) => {
  const first = userProject(t);
  const second = userProject(t);
  for (const folder of [first, second]) await plibIo(folder, ["generate", "--framing", "src/tab.ts"]);
  for (const path of generatedIn(first)) {
    const text = readFileSync(join(first, "src", path), "utf8");
    t.is(readFileSync(join(second, "src", path), "utf8"), text, path);
    t.false(text.includes(first) || text.includes(root), path);
  }
});

test("the three examples of the page: all classes at once, which compile", async (t) => {
  const folder = userProject(t);
  mkdirSync(join(folder, "src/framings"));
  for (const name of ["nmea", "cobs", "fixed-size"]) {
    cpSync(join(root, `examples/framings/${name}.ts`), join(folder, `src/framings/${name}.ts`));
  }
  const config = {
    framings: ["src/framings/nmea.ts", "src/framings/cobs.ts#CobsFraming", "src/framings/fixed-size.ts"],
  };
  writeFiles(folder, {
    "plib-io.config.json": JSON.stringify(config),
    "src/main.ts": `
import { AsyncSerialClientWithFixedSize, AsyncSerialServerWithCobsCrc, BlockingSerialClientWithNmea } from "./channels/index.js";
new AsyncSerialClientWithFixedSize({ path: "/dev/x", recordSize: 16 });
// @ts-expect-error the size has to be given
new AsyncSerialClientWithFixedSize({ path: "/dev/x" });
new BlockingSerialClientWithNmea({ path: "/dev/x" });
new AsyncSerialServerWithCobsCrc({ path: "/dev/x", maxMessageSize: 100 });
`,
  });
  t.is((await plibIo(folder, ["generate"])).status, 0);
  t.deepEqual(compile(folder), []);
});
