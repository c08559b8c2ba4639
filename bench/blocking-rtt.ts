/** One request at a time over TCP, 64 bytes: how long a blocking exchange takes, and what waiting for a slow peer costs. */
import { compare, report, type Row, type Way } from "./support/compare.ts";
import { compiled, peerSource, works } from "./support/programs.ts";
import { LineProgram, nodeProgram } from "./support/runner.ts";

const ROUNDS = 15;
const TRIPS = 2000;
const SLOW_ROUNDS = 5;
const SLOW_TRIPS = 40;
/** With its terminator 64 bytes. */
const MESSAGE = "x".repeat(62);
const SLOW_MESSAGE = "s".repeat(62);
const SLOW_US = 5000;

const missing: string[] = [];
await using server = nodeProgram("echo-server.js");
const port = await server.line();
await using ours = nodeProgram("blocking-rtt-client.js", "ours", port);
await using net = nodeProgram("blocking-rtt-client.js", "net", port);
await using worker = nodeProgram("blocking-rtt-client.js", "worker", port);
await using bare = nodeProgram("blocking-rtt-client.js", "bare", port);
const programs = new Map<string, LineProgram>([
  ["plib-io, blocking", ours],
  ["net, asynchronous", net],
  ["a worker and Atomics.wait", worker],
  ["fs.readSync, without a deadline", bare],
]);
if (works("python3", ["--version"]))
  programs.set("Python, blocking", new LineProgram("python3", [peerSource("rtt.py"), port]));
else missing.push("python3");
const client = compiled("rtt.c");
if (client === undefined) missing.push("cc, for the client in C");
else programs.set("C, blocking", new LineProgram(client, [port]));

const waysWith = (times: number, message: string, names: readonly string[]): Way[] =>
  names.flatMap((name) => {
    const program = programs.get(name);
    return program === undefined ? [] : [{ name, measure: () => program.measure(times, message) }];
  });

/** How much of a core was burnt, in percent, and how long an exchange took over the peer's own time. */
function costs({ name, median, processor = Number.NaN }: Row): object {
  return { name, overPeerUs: median - SLOW_US, coreBurntPercent: (100 * processor) / median };
}

const quick = await compare(waysWith(TRIPS, MESSAGE, [...programs.keys()]), ROUNDS, "net, asynchronous");
const slowNames = ["plib-io, blocking", "net, asynchronous", "a worker and Atomics.wait"];
const slow = await compare(waysWith(SLOW_TRIPS, SLOW_MESSAGE, slowNames), SLOW_ROUNDS, "net, asynchronous");
console.table(slow.map((row) => costs(row)));
report(
  "blocking-rtt",
  [
    { title: "a peer that answers at once", unit: "µs an exchange", rows: quick },
    { title: "a peer that answers after 5 ms", unit: "µs an exchange", rows: slow },
  ],
  missing,
  { slow: slow.map((row) => costs(row)) },
);
for (const program of programs.values()) await program[Symbol.asyncDispose]();
