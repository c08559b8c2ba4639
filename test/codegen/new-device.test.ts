import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { runCommand } from "../../codegen/cli/package-command.ts";
import { copyOfProject, filesIn, root, writeFiles } from "./workspace.ts";

/** One more device that accepts connections, with a link of its own, over the line in memory. */
const wireDevice = `
import type { AsyncListener, AsyncTransport, ListenerEvents } from "../modes/async/async-transport.ts";
import { connectAsyncMemory, listenAsyncMemory } from "./memory/async-memory.ts";
import type { MemoryLink } from "./memory/memory.ts";
import type { MemoryLine } from "./memory/memory-line.ts";

/**
 * A wire.
 *
 * @phrase a wire
 * @address line
 */
export class WireDevice {
  static readonly deviceName = "Wire";
  static readonly provides = ["half-close"] as const;
}

/** Where a wire is. */
export interface WireOptions {
  /** Both ends are given the same one. */
  line: MemoryLine;
  /**
   * What it looks like.
   *
   * @defaultValue \`"red"\`
   */
  colour?: string;
}

/** What users see of a wire. */
export interface WireLink {
  readonly colour: string;
}

/** Connects to a wire. */
export function connectAsyncWire(options: WireOptions): (signal: AbortSignal) => Promise<AsyncTransport<WireLink>> {
  const connect = connectAsyncMemory(options);
  return async (signal) => wired(await connect(signal), options);
}

/** Listens on a wire. */
export function listenAsyncWire(options: WireOptions): (events: ListenerEvents<WireLink>) => Promise<AsyncListener> {
  const listen = listenAsyncMemory(options);
  return (events) => listen({ ...events, accepted: (transport) => events.accepted(wired(transport, options)) });
}

function wired(transport: AsyncTransport<MemoryLink>, { colour = "red" }: WireOptions): AsyncTransport<WireLink> {
  const link = { colour };
  return new Proxy(transport as AsyncTransport<unknown>, {
    get(target, name) {
      if (name === "link") return link;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  }) as AsyncTransport<WireLink>;
}
`;

/** What users of the device write: it compiles, or the test fails. */
const program = `
import { AsyncBaseRequestHandlerWithTerminator, AsyncSocketServerWithTerminator, AsyncWireServerWithTerminator } from "../generated/index.ts";
import { MemoryLine } from "../src/devices/memory/memory-line.ts";
import type { WireLink } from "../src/devices/wire.ts";

class Echo extends AsyncBaseRequestHandlerWithTerminator {
  override processData(data: Buffer): void {
    this.start("colour" in this.link ? this.link.colour : data);
  }
}
class Colours extends AsyncBaseRequestHandlerWithTerminator<undefined, WireLink> {
  override processData(): void {
    this.start(this.link.colour);
  }
}
const line = new MemoryLine();
export const servers: readonly object[] = [
  new AsyncWireServerWithTerminator({ line, colour: "blue", handler: Echo }),
  new AsyncWireServerWithTerminator({ line, handler: Colours }),
  new AsyncWireServerWithTerminator({ line, processData: (_, channel) => channel.start(channel.link.colour) }),
  new AsyncSocketServerWithTerminator({ port: 0, handler: Echo }),
];
`;

const suites = [
  "server/async-server",
  "server/async-server-exchange",
  "handler/async-handlers",
  "persistent/async-persistent",
  "client/async-client-calls",
];

test("one more file in src/devices makes its whole column, and the suites of the roles pass on it", (t) => {
  const copy = copyOfProject(t);
  for (const folder of ["test/support", "test/generated", "test/roles"])
    cpSync(join(root, folder), join(copy, folder), { recursive: true });
  const silent = { isInteractive: false, out: () => undefined, err: (line: string) => t.log(line) };
  t.is(runCommand(["generate"], copy, silent), 0);
  const before = filesIn(join(copy, "generated"));

  const places = readFileSync(join(copy, "test/support/channel-places.ts"), "utf8");
  const place = '{ ...memoryLine, title: "wire", device: "Wire" }';
  const config = JSON.parse(readFileSync(join(copy, "tsconfig.json"), "utf8")) as object;
  writeFiles(copy, {
    "src/devices/wire.ts": wireDevice,
    "test/program.ts": program,
    // Where two ends meet is all that the suites have to be told of a device.
    "test/support/channel-places.ts": places.replace(/(places: .* = \[.*)\]/, `$1, ${place}]`),
    "tsconfig.json": JSON.stringify({ ...config, include: ["src", "generated", "test"] }),
  });
  t.is(runCommand(["generate"], copy, silent), 0);
  const added = filesIn(join(copy, "generated")).filter((path) => !before.includes(path) && path.startsWith("async/"));
  const names = readdirSync(join(root, "src/framings")).map((name) => name.replace(".ts", ""));
  const framings = [...names.filter((name) => name !== "basic").map((name) => `-with-${name}`), ""];
  const families = ["async-persistent-wire", "async-wire-client", "async-wire-server"];
  t.deepEqual(
    added,
    families.flatMap((family) => framings.map((framing) => `async/${family}${framing}.ts`)),
  );

  t.is(run(copy, "node_modules/typescript/bin/tsc", "-p", "."), "");
  const files = suites.map((name) => `dist/test/roles/${name}.test.js`);
  const report = run(copy, "node_modules/ava/entrypoints/cli.mjs", ...files, "--match", "*Wire*", "--tap");
  t.regex(report, /^# pass [1-9]\d\d?$/m);
  t.regex(report, /^# fail 0$/m, report.slice(-4000));
});

/** What a program says. */
function run(folder: string, ...args: string[]): string {
  const { AVA_PATH: _, ...env } = process.env;
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, env, encoding: "utf8" });
  return stdout + stderr;
}
