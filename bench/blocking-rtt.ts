/** One request at a time over TCP, 64 bytes: how long a blocking exchange takes, and what waiting for a slow peer costs. */
import { compare, report, type Row, type Table, type Way } from "./support/compare.ts";
import { bindToOneProcessor, compiled, peerSource, works } from "./support/programs.ts";
import { LineProgram, nodeProgram } from "./support/runner.ts";

const ROUNDS = 15;
const TRIPS = 2000;
const SLOW_ROUNDS = 5;
const SLOW_TRIPS = 40;
/** With its terminator 64 bytes. */
const MESSAGE = "x".repeat(62);
const SLOW_MESSAGE = "s".repeat(62);
const SLOW_US = 5000;
const REFERENCE = "net, asynchronous";
const hasPython = works("python3", ["--version"]);
const clientInC = compiled("rtt.c");
const hasTaskset = works("taskset", ["-c", "0", "true"]);
const missing = [
  ...(hasPython ? [] : ["python3"]),
  ...(clientInC === undefined ? ["cc, for the client in C"] : []),
  ...(hasTaskset ? [] : ["taskset, to have both ends share a processor"]),
];

/** The clients of a server, by name. */
function clients(port: string): Map<string, LineProgram> {
  const node = (way: string): LineProgram => nodeProgram("blocking-rtt-client.js", way, port);
  const programs = new Map([
    ["plib-io, blocking", node("ours")],
    [REFERENCE, node("net")],
    ["a worker and Atomics.wait", node("worker")],
    ["fs.readSync, without a deadline", node("bare")],
  ]);
  if (hasPython) programs.set("Python, blocking", new LineProgram("python3", [peerSource("rtt.py"), port]));
  if (clientInC !== undefined) programs.set("C, blocking", new LineProgram(clientInC, [port]));
  return programs;
}

const waysWith = (programs: ReadonlyMap<string, LineProgram>, times: number, message: string): Way[] =>
  [...programs].map(([name, program]) => ({ name, measure: () => program.measure(times, message) }));

/** How much of a core was burnt, in percent, and how long an exchange took over the peer's own time. */
function costs({ name, median, processor = Number.NaN }: Row): object {
  return { name, overPeerUs: median - SLOW_US, coreBurntPercent: (100 * processor) / median };
}

/** Measures with a server and clients, all on one processor if so wanted. */
async function measure(
  isOnOneProcessor: boolean,
  work: (programs: Map<string, LineProgram>) => Promise<Row[][]>,
): Promise<Row[][]> {
  await using server = nodeProgram("echo-server.js");
  const programs = clients(await server.line());
  try {
    if (isOnOneProcessor) for (const { pid } of [server, ...programs.values()]) bindToOneProcessor(pid);
    return await work(programs);
  } finally {
    for (const program of programs.values()) await program[Symbol.asyncDispose]();
  }
}

const quick = async (programs: Map<string, LineProgram>): Promise<Row[]> =>
  await compare(waysWith(programs, TRIPS, MESSAGE), ROUNDS, REFERENCE);
const unit = "µs an exchange";
const tables: Table[] = [];
const [anywhere = [], slow = []] = await measure(false, async (programs) => [
  await quick(programs),
  await compare(waysWith(programs, SLOW_TRIPS, SLOW_MESSAGE), SLOW_ROUNDS, REFERENCE),
]);
tables.push({ title: "a peer that answers at once", unit, rows: anywhere });
if (hasTaskset) {
  const [rows = []] = await measure(true, async (programs) => [await quick(programs)]);
  tables.push({ title: "the same, with both ends on one processor", unit, rows });
}
tables.push({ title: "a peer that answers after 5 ms", unit, rows: slow });
console.table(slow.map((row) => costs(row)));
report("blocking-rtt", tables, missing, { slow: slow.map((row) => costs(row)) });
