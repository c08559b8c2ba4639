/**
 * Both modes do the same: each script of a client is run with the asynchronous and the blocking class, and what its calls
 * said, in which order messages came, and the bytes that the other end saw are compared.
 */
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
  readonly answer?: (line: string) => string | undefined;
  /** All lines that the other end saw, of all connections. */
  readonly wire: readonly string[];
  /** What each step said, or failed with. */
  readonly said: readonly (string | undefined)[];
  readonly seen?: readonly string[];
  /** How many connections there were. */
  readonly connections?: number;
}

const echo = (line: string): string => `re:${line}`;
const keepAlive = { keepAlive: true };

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
};

const clients = cells.filter(
  ({ role, device, framing }) => role === "Client" && device === "Socket" && framing === "WithTerminator",
);
startScripts(clients);
test.after.always(endScripts);

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
        const reply = answer?.(line);
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
