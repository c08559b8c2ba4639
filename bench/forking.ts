/**
 * New connections a second: connect, send a line, read it back, close. The server that serves each connection in a process
 * of its own, `node:cluster` with as many processes, and Python's `ForkingTCPServer`; each in processes of its own, and in
 * turn.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PROCESSES = 8;
/** Connections at once: no more than there are processes, because each of ours serves one at a time. */
const CONCURRENCIES = [1, 4, PROCESSES];
const ROUNDS = 5;
const SECONDS = 1;
const LINE = `${"x".repeat(62)}\r\n`;

const PYTHON = `
import os, socketserver, sys, threading
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.readline())
class Server(socketserver.ForkingTCPServer):
    allow_reuse_address = True
    request_queue_size = 511
server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
server.serve_forever(poll_interval=3600)
`;

/** A server in a process of its own. */
interface Peer {
  readonly name: string;
  readonly process: ChildProcess;
  readonly port: number;
}

/** One line of the table. */
interface Row {
  readonly concurrency: number;
  readonly perSecond: Readonly<Record<string, number>>;
  /** How many times as many as the peer. */
  readonly ratios: Readonly<Record<string, number>>;
}

async function startPeer(name: string, file: string, args: readonly string[]): Promise<Peer | undefined> {
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] });
  const missing = once(child, "error").then(() => undefined);
  missing.catch(() => undefined);
  const port = await Promise.race([once(createInterface({ input: child.stdout }), "line"), missing]);
  if (port !== undefined) return { name, process: child, port: Number(port[0]) };
  console.log(`${name} is missing: ${file} cannot be started`);
  return undefined;
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

/** Connections a second. */
async function measure({ port }: Peer, concurrency: number): Promise<number> {
  const start = performance.now();
  let done = 0;
  const client = async (): Promise<void> => {
    for (; performance.now() - start < SECONDS * 1000; done++) await exchange(port);
  };
  await Promise.all(Array.from({ length: concurrency }, client));
  return (done * 1000) / (performance.now() - start);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

/** All peers at one concurrency, in turn. */
async function compare(peers: readonly Peer[], concurrency: number): Promise<Row> {
  const figures = new Map<string, number[]>(peers.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const peer of peers) figures.get(peer.name)?.push(await measure(peer, concurrency));
  }
  const perSecond = Object.fromEntries(peers.map(({ name }) => [name, median(figures.get(name) ?? [])]));
  const ours = figures.get("plib-io") ?? [];
  // What the machine does besides changes from round to round, and is the same for all in one.
  const ratio = (name: string): number => median(ours.map((own, round) => own / (figures.get(name)?.[round] ?? 0)));
  const others = peers.filter(({ name }) => name !== "plib-io");
  return { concurrency, perSecond, ratios: Object.fromEntries(others.map(({ name }) => [name, ratio(name)])) };
}

const peersFile = fileURLToPath(new URL("./forking-peers.js", import.meta.url));
const started = [
  await startPeer("plib-io", process.execPath, [peersFile, "ours", String(PROCESSES)]),
  await startPeer("node:cluster", process.execPath, [peersFile, "cluster", String(PROCESSES)]),
  await startPeer("ForkingTCPServer", "python3", ["-c", PYTHON]),
];
const peers = started.filter((peer) => peer !== undefined);
try {
  for (const peer of peers) await measure(peer, 1);
  const rows: Row[] = [];
  for (const concurrency of CONCURRENCIES) rows.push(await compare(peers, concurrency));
  console.table(
    rows.map(({ concurrency, perSecond, ratios }) => ({
      "at once": concurrency,
      ...Object.fromEntries(Object.entries(perSecond).map(([name, figure]) => [`${name} /s`, Math.round(figure)])),
      ...Object.fromEntries(Object.entries(ratios).map(([name, figure]) => [`x ${name}`, Number(figure.toFixed(2))])),
    })),
  );
  console.log(JSON.stringify({ name: "forking", processes: PROCESSES, rows }));
} finally {
  for (const peer of peers) {
    peer.process.stdin?.end();
    await once(peer.process, "exit");
  }
}
