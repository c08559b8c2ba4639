/**
 * New connections: connect, send a line, read it back, close. The server that serves each connection in a process of its
 * own, `node:cluster` with as many processes, and Python's `ForkingTCPServer`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { compare, type Measure, report, type Table } from "./support/compare.ts";
import { peerSource, works } from "./support/programs.ts";
import { LineProgram, nodeProgram } from "./support/runner.ts";

const PROCESSES = "8";
/** Connections at once: no more than there are processes, because each of ours serves one at a time. */
const CONCURRENCIES = [1, 4, 8];
const ROUNDS = 7;
const MILLISECONDS = 1000;
const LINE = `${"x".repeat(62)}\r\n`;
/** How often the system counts processor time, in a second. */
const TICKS = 100;

/** A server with its processes. */
interface Peer {
  readonly name: string;
  readonly server: LineProgram;
  readonly port: number;
}

function exchange(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true }, () => socket.write(LINE));
    let received = 0;
    socket.on("data", (bytes) => {
      received += bytes.length;
      if (received === LINE.length) socket.end();
    });
    socket.on("close", () => (received === LINE.length ? resolve() : reject(new Error(`${received} bytes came back`))));
    socket.on("error", reject);
  });
}

/** Connections a second, and the processor time that the server and its children take for one. */
async function measure({ port, server }: Peer, concurrency: number): Promise<Measure> {
  const before = processorTime(server.pid);
  const start = performance.now();
  let done = 0;
  const client = async (): Promise<void> => {
    for (; performance.now() - start < MILLISECONDS; done++) await exchange(port);
  };
  await Promise.all(Array.from({ length: concurrency }, client));
  const value = (done * 1000) / (performance.now() - start);
  const after = processorTime(server.pid);
  return { value, processor: before === undefined || after === undefined ? undefined : (after - before) / done };
}

/** What a process and its children have taken so far, in microseconds, where the system tells. */
function processorTime(pid: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  let ticks = 0;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(name);
    if (Number(name) !== pid && Number(fields[1]) !== pid) continue;
    // User and system time, its own and that of the children that have ended.
    for (const field of fields.slice(11, 15)) ticks += Number(field);
  }
  return (ticks * 1e6) / TICKS;
}

function statOf(pid: string): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return []; // It has ended in the meantime.
  }
}

async function peerOf(name: string, server: LineProgram): Promise<Peer> {
  return { name, server, port: Number(await server.line()) };
}

const missing: string[] = [];
const peers = [
  await peerOf("plib-io", nodeProgram("forking-server.js", "plib-io", PROCESSES)),
  await peerOf("node:cluster", nodeProgram("forking-server.js", "cluster", PROCESSES)),
];
if (works("python3", ["--version"])) {
  peers.push(await peerOf("Python, ForkingTCPServer", new LineProgram("python3", [peerSource("forking.py")])));
} else {
  missing.push("python3");
}
const tables: Table[] = [];
for (const concurrency of CONCURRENCIES) {
  const ways = peers.map((peer) => ({ name: peer.name, measure: () => measure(peer, concurrency) }));
  const rows = await compare(ways, ROUNDS, "node:cluster");
  tables.push({ title: `${concurrency} at once, ${PROCESSES} processes`, unit: "connections a second", rows });
}
for (const { server } of peers) await server[Symbol.asyncDispose]();
report("forking", tables, missing);
