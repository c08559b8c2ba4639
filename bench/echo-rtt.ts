/** One request at a time, 64 bytes, asynchronous client and server, each in a process of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compare, report, type Table, type Way } from "./support/compare.ts";
import { peerSource, works } from "./support/programs.ts";
import { LineProgram, nodeProgram } from "./support/runner.ts";

const ROUNDS = 15;
const TRIPS = 2000;
/** With its terminator 64 bytes. */
const MESSAGE = "x".repeat(62);

const missing: string[] = [];
const hasPython = works("python3", ["--version"]);
if (!hasPython) missing.push("python3");
missing.push("Twisted: it is not installed with Python");

/** Client and server of a way. */
async function pair(
  name: string,
  server: LineProgram,
  client: (where: string) => LineProgram,
  path?: string,
): Promise<Pair> {
  const port = await server.line();
  return { name, server, client: client(path ?? port) };
}

interface Pair {
  readonly name: string;
  readonly server: LineProgram;
  readonly client: LineProgram;
}

async function measure(title: string, pairs: readonly Pair[]): Promise<Table> {
  const ways: Way[] = pairs.map(({ name, client }) => ({ name, measure: () => client.measure(TRIPS, MESSAGE) }));
  const rows = await compare(ways, ROUNDS, "net, no framing");
  for (const { server, client } of pairs) {
    await client[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  }
  return { title, unit: "µs an exchange", rows };
}

/** The ways that there are at a place; a path each for Unix sockets. */
async function pairsAt(pathOf: (name: string) => string | undefined): Promise<Pair[]> {
  const at = (name: string): string[] => [pathOf(name)].filter((path) => path !== undefined);
  const node = (name: string, way: string, server: LineProgram): Promise<Pair> =>
    pair(name, server, (where) => nodeProgram("echo-rtt-client.js", way, where), pathOf(way));
  return [
    await node("net, no framing", "net", nodeProgram("echo-server.js", ...at("net"))),
    await node(
      "plib-io, terminator",
      "terminator",
      nodeProgram("echo-rtt-server.js", "terminator", ...at("terminator")),
    ),
    await node(
      "plib-io, read-write",
      "read-write",
      nodeProgram("echo-rtt-server.js", "read-write", ...at("read-write")),
    ),
  ];
}

const overTcp = await pairsAt(() => undefined);
if (hasPython) {
  const python = (...args: readonly string[]): LineProgram =>
    new LineProgram("python3", [peerSource("echo.py"), ...args]);
  overTcp.push(await pair("Python, asyncio streams", python("serve"), (port) => python("ask", port)));
}
const tcp = await measure("TCP", overTcp);
const folder = mkdtempSync(join(tmpdir(), "plib-io-bench-"));
const unix = await measure("Unix socket", await pairsAt((name) => join(folder, name)));
rmSync(folder, { recursive: true, force: true });
report("echo-rtt", [tcp, unix], missing);
