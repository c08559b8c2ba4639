/** Connect, one exchange of 64 bytes, close: what a blocking client costs that keeps nothing open. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compare, report, type Table } from "./support/compare.ts";
import { peerSource, works } from "./support/programs.ts";
import { LineProgram, nodeProgram } from "./support/runner.ts";

const ROUNDS = 15;
const TIMES = 1000;
/** With its terminator 64 bytes. */
const MESSAGE = "x".repeat(62);
const PYTHON = "Python, blocking";
const NET = "net, asynchronous";
const hasPython = works("python3", ["--version"]);

async function measure(title: string, path?: string): Promise<Table> {
  await using server = nodeProgram("echo-server.js", ...(path === undefined ? [] : [path]));
  const line = await server.line();
  const place = path ?? line;
  const programs = new Map([
    ["plib-io, blocking", nodeProgram("blocking-connect-client.js", "ours", place)],
    [NET, nodeProgram("blocking-connect-client.js", "net", place)],
  ]);
  if (hasPython) programs.set(PYTHON, new LineProgram("python3", [peerSource("connect.py"), place]));
  try {
    const ways = [...programs].map(([name, program]) => ({ name, measure: () => program.measure(TIMES, MESSAGE) }));
    const rows = await compare(ways, ROUNDS, hasPython ? PYTHON : NET);
    return { title, unit: "µs a connection", rows };
  } finally {
    for (const program of programs.values()) await program[Symbol.asyncDispose]();
  }
}

const folder = mkdtempSync(join(tmpdir(), "plib-io-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const tables = [await measure("TCP"), await measure("a Unix socket", join(folder, "socket"))];
report("blocking-connect", tables, hasPython ? [] : ["python3"]);
