/** One request at a time over TCP, 64 bytes: how long a blocking exchange takes, and what waiting for a slow peer costs. */
import { compare, median, report, type Row, type Table, type Way } from "./support/compare.ts";
import { bindToOneProcessor, compiled, peerSource, works } from "./support/programs.ts";
import { LineProgram, nodeProgram } from "./support/runner.ts";

/** Each run has processes of its own: what differs from one to the next is part of the result. */
const RUNS = 10;
const ROUNDS = 5;
const TRIPS = 2000;
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

/** How much of a core was used while it waited, in percent, and how long an exchange took over the peer's own time. */
function costs({ name, median: time, processor = Number.NaN }: Row): object {
  return { name, overPeerUs: Math.round(time - SLOW_US), coreUsedPercent: ((100 * processor) / time).toFixed(2) };
}

/** What several runs gave together: the medians of their medians and ratios. */
function together(runs: readonly Row[][]): Row[] {
  return (runs[0] ?? []).map(({ name }) => {
    const rows = runs.flatMap((run) => run.filter((row) => row.name === name));
    const middle = (value: (row: Row) => number): number => median(rows.map((row) => value(row)));
    return {
      name,
      median: middle((row) => row.median),
      least: Math.min(...rows.map(({ least }) => least)),
      most: Math.max(...rows.map(({ most }) => most)),
      ratio: middle(({ ratio }) => ratio),
      processor: middle(({ processor = Number.NaN }) => processor),
    };
  });
}

/** How the ratio to the reference differs from run to run, and the ratio of the processor time. */
function spreads(runs: readonly Row[][]): object[] {
  return together(runs).map(({ name }) => {
    const rows = runs.flatMap((run) => run.filter((row) => row.name === name));
    const ratios = rows.map(({ ratio }) => ratio);
    const processor = runs.map((run) => {
      const [own, reference] = [name, REFERENCE].map((way) => run.find((row) => row.name === way)?.processor);
      return (own ?? Number.NaN) / (reference ?? Number.NaN);
    });
    const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
    const values = { ratio: median(ratios), least, most, spread: most / least, processorRatio: median(processor) };
    return { name, ...Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value.toFixed(2)])) };
  });
}

/** Measures with a server and clients, all on one processor if so wanted. */
async function measure(isOnOneProcessor: boolean, times: number, message: string): Promise<Row[]> {
  await using server = nodeProgram("echo-server.js");
  const programs = clients(await server.line());
  try {
    if (isOnOneProcessor) for (const { pid } of [server, ...programs.values()]) bindToOneProcessor(pid);
    return await compare(waysWith(programs, times, message), ROUNDS, REFERENCE);
  } finally {
    for (const program of programs.values()) await program[Symbol.asyncDispose]();
  }
}

async function several(isOnOneProcessor: boolean): Promise<Row[][]> {
  const runs: Row[][] = [];
  for (let run = 0; run < RUNS; run++) runs.push(await measure(isOnOneProcessor, TRIPS, MESSAGE));
  return runs;
}

const unit = "µs an exchange";
const tables: Table[] = [];
const more: Record<string, object[]> = {};
for (const [title, isOnOneProcessor] of [
  ["a peer that answers at once", false],
  ["the same, with both ends on one processor", true],
] as const) {
  if (isOnOneProcessor && !hasTaskset) continue;
  const runs = await several(isOnOneProcessor);
  tables.push({ title, unit, rows: together(runs) });
  more[title] = spreads(runs);
}
const slow = await measure(false, SLOW_TRIPS, SLOW_MESSAGE);
tables.push({ title: "a peer that answers after 5 ms", unit, rows: slow });
more["slow"] = slow.map((row) => costs(row));
for (const [title, rows] of Object.entries(more)) {
  console.log(title);
  console.table(rows);
}
report("blocking-rtt", tables, missing, more);
