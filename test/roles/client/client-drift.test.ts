/**
 * Both modes do the same: each script of a client is run with the asynchronous and the blocking class, and what its calls
 * said, in which order messages came, and the bytes that the other end saw are compared.
 */
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import test from "ava";
import { cells, type ChannelCell, type Extra } from "../../support/channel-cells.ts";
import { endScripts, runScript, startScripts } from "../../support/channel-script-runner.ts";
import type { ScriptInput, ScriptResult, Step } from "../../support/channel-scripts.ts";
import { rawServer } from "../../support/tcp-peers.ts";

/** A client, the other end, and what is to come of it. */
interface Drift {
  readonly steps: readonly Step[];
  readonly options?: Extra;
  readonly inHook?: Readonly<Record<string, string>>;
  readonly isDone?: boolean;
  /** What the other end answers to a line; nothing by default. */
  readonly answer?: (line: string, socket: Socket) => string | undefined;
  /** All lines that the other end saw, of all connections. */
  readonly wire: readonly string[];
  /** What each step said, or failed with. */
  readonly said: readonly (string | undefined)[];
  readonly seen?: readonly string[];
  /** Why the channel closed, each time. */
  readonly closes?: readonly string[];
  /** How many connections there were. */
  readonly connections?: number;
}

const echo = (line: string): string => `re:${line}`;
const keepAlive = { keepAlive: true };
/** The other end sends this, and closes. */
const endWith =
  (last: string) =>
  (_: string, socket: Socket): undefined =>
    void socket.end(last);

const drifts: Readonly<Record<string, Drift>> = {
  "what is started before a call leaves first, on a closed channel": {
    steps: [
      ["start", "A"],
      ["until", "B", "re:B"],
    ],
    options: keepAlive,
    answer: echo,
    wire: ["A", "B"],
    said: ["", "re:B"],
    seen: ["re:A", "re:B"],
  },
  "what is started before a call leaves first, on an open channel": {
    steps: [["connect"], ["start", "A"], ["until", "B", "re:B"]],
    options: keepAlive,
    answer: echo,
    wire: ["A", "B"],
    said: ["", "", "re:B"],
  },
  "a call returns the first reply, whatever was started before it": {
    steps: [
      ["start", "A"],
      ["call", "B"],
    ],
    options: keepAlive,
    answer: (line) => (line === "B" ? "re:A\r\nre:B" : undefined),
    wire: ["A", "B"],
    said: ["", "re:A"],
  },
  "connect(), start() and finish() send": {
    steps: [["connect"], ["start", "OUT 1"], ["finish"]],
    options: keepAlive,
    wire: ["OUT 1"],
    said: ["", "", ""],
  },
  "start() and finish() open, send and close": {
    steps: [["start", "OUT 1"], ["finish"]],
    wire: ["OUT 1"],
    said: ["", ""],
  },
  "send() opens and closes, or keeps the channel open": {
    steps: [
      ["send", "one"],
      ["send", "two"],
    ],
    wire: ["one", "two"],
    said: ["", ""],
    connections: 2,
  },
  "send() with keepAlive": {
    steps: [
      ["send", "one"],
      ["send", "two"],
      ["call", "three"],
    ],
    options: keepAlive,
    answer: (line) => (line === "three" ? "ok" : undefined),
    wire: ["one", "two", "three"],
    said: ["", "", "ok"],
    connections: 1,
  },
  "until passes over unasked lines": {
    steps: [["until", "ask", "end"]],
    answer: () => "event\r\nthe end",
    wire: ["ask"],
    said: ["the end"],
    seen: ["event", "the end"],
  },
  "collect() returns all lines of a reply": {
    steps: [["collect", "list", "."]],
    answer: () => "a\r\nb\r\n.",
    wire: ["list"],
    said: ["a,b,."],
  },
  "what is started in the last pass leaves before the channel closes": {
    steps: [["call", "ask"]],
    inHook: { "re:ask": "x".repeat(100_000) },
    isDone: true,
    answer: (line) => (line === "ask" ? "re:ask" : undefined),
    wire: ["ask", "x".repeat(100_000)],
    said: ["re:ask"],
  },
  "finish() in a call that then fails closes the channel": {
    steps: [["call", "ask", 300]],
    options: keepAlive,
    inHook: { "re:ask": "finish()" },
    isDone: false,
    answer: echo,
    wire: ["ask"],
    said: ["ERR_REPLY_TIMEOUT unknown closed"],
  },
  "what cannot be sent leaves an open channel as it was": {
    steps: [["connect"], ["call", "a\r\nb"], ["call", "c"]],
    options: keepAlive,
    answer: echo,
    wire: ["c"],
    said: ["", "ERR_TERMINATOR_IN_PAYLOAD not-sent open", "re:c"],
    connections: 1,
  },
  "queueing for a call is all or nothing": {
    steps: [
      ["start", "a".repeat(600)],
      ["call", "b".repeat(600)],
      ["until", "c", "re:c"],
    ],
    options: { ...keepAlive, maxQueuedBytes: 1000 },
    answer: echo,
    wire: ["a".repeat(600), "c"],
    said: ["", "ERR_BACKPRESSURE not-sent closed", "re:c"],
  },
  "timeoutMs limits a call": {
    steps: [["call", "ask"]],
    options: { ...keepAlive, timeoutMs: 300 },
    wire: ["ask"],
    said: ["ERR_REPLY_TIMEOUT unknown closed"],
    closes: ["fault ERR_REPLY_TIMEOUT"],
  },
  "the end of an exchange closes the channel from this side": {
    steps: [["call", "ask"]],
    answer: echo,
    wire: ["ask"],
    said: ["re:ask"],
    closes: ["self"],
  },
  "close() closes the channel from this side": {
    steps: [["call", "ask"], ["close"]],
    options: keepAlive,
    answer: echo,
    wire: ["ask"],
    said: ["re:ask", ""],
    closes: ["self"],
  },
  "an end between two messages comes from the other end": {
    steps: [["call", "ask"]],
    answer: endWith(""),
    wire: ["ask"],
    said: ["ERR_CONNECTION_CLOSED unknown closed"],
    closes: ["peer"],
  },
  "an end in mid-message is a fault": {
    steps: [["call", "ask"]],
    answer: endWith("re"),
    wire: ["ask"],
    said: ["ERR_FRAME_TRUNCATED unknown closed"],
    closes: ["fault ERR_FRAME_TRUNCATED"],
  },
  "terminator ends messages of both ends": {
    steps: [["call", "ask"]],
    options: { terminator: "!\r\n" },
    answer: () => "re!",
    wire: ["ask!"],
    said: ["re"],
  },
  "sendTerminator ends what is sent, and nothing that is received": {
    steps: [["call", "ask"]],
    options: { sendTerminator: "!\r\n" },
    answer: () => "re!",
    wire: ["ask!"],
    said: ["re!"],
  },
  "keepTerminator leaves the terminator on what is received": {
    steps: [["call", "ask"]],
    options: { keepTerminator: true },
    answer: () => "re",
    wire: ["ask"],
    said: ["re\r\n"],
  },
  "maxMessageSize bounds a reply": {
    steps: [["call", "ask"]],
    options: { maxMessageSize: 4 },
    answer: () => "12345",
    wire: ["ask"],
    said: ["ERR_FRAME_TOO_LARGE unknown closed"],
    closes: ["fault ERR_FRAME_TOO_LARGE"],
  },
  "encoding decodes replies": {
    steps: [["call", "A"]],
    options: { encoding: "hex" },
    answer: echo,
    wire: ["A"],
    said: ["72653a41"],
    seen: ["72653a41"],
  },
};

const clients = cells.filter(
  ({ role, device, framing }) => role === "Client" && device === "Socket" && framing === "WithTerminator",
);
startScripts(clients);
test.after.always(endScripts);

/** Options that are shown in both modes elsewhere, and the test files that do: of one mode each, or of both. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  path: ["roles/client/client-exchange.test.ts"],
  connectTimeoutMs: ["faults/socket-open.test.ts", "blocking/deadlines.test.ts"],
  writeTimeoutMs: ["faults/socket-stalls.test.ts", "blocking/deadlines.test.ts"],
  onConnect: ["roles/client/client-exchange.test.ts"],
};
/** Options that every script here gives. */
const always = ["host", "port", "processData", "onError", "onClose"];
/** Options of which the other end of a connection sees nothing. */
const invisible = ["noDelay"];

function distTest(file: string): URL {
  return new URL(`../../${file.replace(/ts$/, "js")}`, import.meta.url);
}

/** The names of the options of a client, as its generated interface has them. */
function optionsOf(mode: string): string[] {
  const file = `generated/${mode}/${mode}-socket-client-with-terminator.d.ts`;
  const text = readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8");
  const [, members = ""] = /Options<[^]*?> \{\n([^]*?)^\}/m.exec(text.slice(text.indexOf("export interface"))) ?? [];
  return [...members.matchAll(/^ {4}(?<name>\w+)\??[:(]/gm)].map(({ groups }) => groups?.["name"] as string);
}

test("every option of a client is an option of both modes, and is shown in both", (t) => {
  const options = optionsOf("async");
  t.true(options.includes("timeoutMs"));
  t.deepEqual(optionsOf("blocking").toSorted(), options.toSorted());
  const shown = new Set([...always, ...invisible, ...Object.keys(elsewhere), "queryDone", "keepAliveProbeMs"]);
  for (const drift of Object.values(drifts)) for (const name of Object.keys(drift.options ?? {})) shown.add(name);
  t.deepEqual(
    options.filter((name) => !shown.has(name)),
    [],
    "options without a script in `drifts` or a test in `elsewhere`",
  );
  for (const [name, files] of Object.entries(elsewhere)) {
    for (const file of files) t.notThrows(() => readFileSync(distTest(file)), `${name}: ${file}`);
  }
});

/**
 * The timer of a connection from one port to another, as Linux has it: 2 is the one of keep-alive probes. Closed
 * connections of the same port with other ends are in the table too.
 */
function timerOf(from: number, to: number): string | undefined {
  const [local, remote] = [from, to].map((port) => port.toString(16).toUpperCase().padStart(4, "0"));
  const ends = new RegExp(String.raw`^ *\d+: \w+:${local} \w+:${remote} \w\w \w{8}:\w{8} (?<timer>\d\d):`, "m");
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].map((file) => readFileSync(file, "latin1"));
  return ends.exec(tables.join("\n"))?.groups?.["timer"];
}

for (const cell of clients) {
  (process.platform === "linux" ? test : test.skip)(`keepAliveProbeMs sends probes, ${cell.mode}`, async (t) => {
    const timers: (string | undefined)[] = [];
    await using server = await rawServer((socket) => {
      socket.on("data", () => {
        timers.push(timerOf(socket.remotePort as number, socket.localPort as number));
        socket.write("re\r\n");
      });
    });
    const options = { ...server.address, ...keepAlive, keepAliveProbeMs: 60_000 };
    // The first request may still wait to be acknowledged.
    await runScript(cell, options, "exchange", ["one", "two"]);
    t.true(timers.includes("02"), timers.join());
  });
}

for (const [title, drift] of Object.entries(drifts)) {
  for (const cell of clients)
    test(`${title}, ${cell.mode}`, async (t) => {
      const { result, lines, connections } = await playDrift(cell, drift);
      t.deepEqual(lines, drift.wire);
      t.deepEqual(
        result.results.map(({ said, failed, isClosed }) => said?.join() ?? `${failed} ${isClosed ? "closed" : "open"}`),
        drift.said,
      );
      if (drift.seen !== undefined) t.deepEqual(result.seen, drift.seen);
      if (drift.closes !== undefined) t.deepEqual(result.closes, drift.closes);
      if (drift.connections !== undefined) t.is(connections, drift.connections);
      t.deepEqual(result.heard, []);
    });
}

async function playDrift(
  cell: ChannelCell,
  { steps, options, inHook, isDone, answer, wire }: Drift,
): Promise<{ result: ScriptResult<"steps">; lines: string[]; connections: number }> {
  const lines: string[] = [];
  let enough: () => void = () => undefined;
  const all = new Promise<void>((resolve) => {
    enough = resolve;
  });
  await using server = await rawServer((socket) => {
    let rest = "";
    socket.on("data", (bytes: Buffer) => {
      const parts = (rest + bytes.toString()).split("\r\n");
      rest = parts.pop() ?? "";
      for (const line of parts) {
        lines.push(line);
        const reply = answer?.(line, socket);
        if (reply !== undefined) socket.write(`${reply}\r\n`);
        if (lines.length === wire.length) enough();
      }
    });
  });
  const input: ScriptInput<"steps"> = {
    steps,
    ...(inHook !== undefined && { inHook }),
    ...(isDone !== undefined && { isDone }),
  };
  const result = await runScript(cell, { ...server.address, ...options }, "steps", input);
  await all;
  return { result, lines, connections: server.sockets.length };
}
