/** Deadlines of the blocking mode: they always fire, whatever the other end does or does not do. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import test from "ava";
import { familyWith } from "../support/channel-cells.ts";
import { rawLine } from "../support/channel-raw-line.ts";
import { tcp } from "../support/channel-places.ts";
import { openStage } from "../support/channel-stage.ts";
import { rawServer } from "../support/tcp-peers.ts";
import { openVirtualLine } from "../support/virtual-line.ts";
import { Apart, play, WAYS } from "./apart.ts";
import type { Made } from "./subject.ts";

/** More than the system takes for a peer that reads nothing. */
const MUCH = 16_000_000;
const socket = (options: Made["options"]): Made => ({
  device: "Socket",
  framing: "WithReadWrite",
  options: { maxQueuedBytes: 2 * MUCH, ...options },
});

for (const way of WAYS) {
  test.serial(
    `no reply: ERR_REPLY_TIMEOUT each time of 100, never early, and what comes late answers nobody, ${way}`,
    async (t) => {
      const late: (() => void)[] = [];
      await using stage = await openStage(familyWith("Socket", "WithReadWrite"), tcp, {
        server: {
          async processData(data, channel) {
            if (data.toString() !== "silent") return channel.start(data);
            await new Promise<void>((resolve) => late.push(resolve));
            if (!channel.closed) channel.start("late");
          },
          // With the next connection.
          onAccept: () => late.splice(0).forEach((answer) => answer()),
          onError: () => undefined,
        },
      });
      const { failures, reply } = await play(
        "failOften",
        {
          made: socket({ ...stage.address, keepAlive: true }),
          request: "silent",
          timeoutMs: 200,
          times: 100,
          next: "hello",
        },
        way,
      );
      t.deepEqual([...new Set(failures.map(({ code }) => code))], ["ERR_REPLY_TIMEOUT"]);
      t.deepEqual([...new Set(failures.map(({ outcome, isClosed }) => `${outcome} ${isClosed}`))], ["unknown true"]);
      t.true(Math.min(...failures.map(({ ms }) => ms)) >= 200);
      const sorted = failures.map(({ ms }) => ms).toSorted((a, b) => a - b);
      t.log(`${sorted[0]?.toFixed(1)} to ${sorted[99]?.toFixed(1)} ms, median ${sorted[50]?.toFixed(1)}`);
      t.is(reply, "hello");
      for (const answer of late.splice(0)) answer();
    },
  );
}

test.serial("the default deadline of a call is the option timeoutMs, and 30 s without it", async (t) => {
  await using server = await rawServer();
  const { failure } = await play("fail", { made: socket({ ...server.address, timeoutMs: 50 }), size: 1 });
  t.is(failure.code, "ERR_REPLY_TIMEOUT");
  t.true(failure.ms >= 50 && failure.ms < 30_000);
});

test.serial("nobody accepts: ERR_CONNECT_TIMEOUT at the deadline of the call and at that of opening", async (t) => {
  const deaf = fork(new URL("../faults/deaf-server.js", import.meta.url), { execArgv: [] });
  const [port] = (await once(deaf, "message")) as [number];
  // The backlog is filled first.
  const fillers = Array.from({ length: 4 }, () => connect({ host: "127.0.0.1", port }));
  for (const filler of fillers) filler.on("error", () => undefined);
  await once(fillers[0] as never, "connect");
  const address = { host: "127.0.0.1", port };
  const byCall = await play("failToOpen", { made: socket(address), timeoutMs: 150 });
  const byOpening = await play("failToOpen", { made: socket({ ...address, connectTimeoutMs: 150 }) });
  for (const { failure } of [byCall, byOpening]) {
    t.is(failure.code, "ERR_CONNECT_TIMEOUT");
    t.is(failure.outcome, "not-sent");
    t.true(failure.ms >= 150 && failure.ms < 10_000);
  }
  for (const filler of fillers) filler.destroy();
  const ended = once(deaf, "exit");
  deaf.kill("SIGKILL");
  await ended;
});

for (const way of WAYS) {
  const title = (text: string): string => `${text}, ${way}`;

  test.serial(title("the other end takes nothing: ERR_WRITE_TIMEOUT, with how much was written"), async (t) => {
    await using server = await rawServer((peer) => peer.pause());
    for (const limit of [{ writeTimeoutMs: 150 }, { timeoutMs: 150 }]) {
      const { failure } = await play(
        "fail",
        {
          made: socket({ ...server.address, ...limit }),
          size: MUCH,
        },
        way,
      );
      t.is(failure.code, "ERR_WRITE_TIMEOUT");
      t.is(failure.outcome, "unknown");
      t.true(failure.isClosed);
      t.true(failure.ms >= 150 && failure.ms < 10_000);
      t.true((failure.bytesWritten ?? 0) > 0 && (failure.bytesWritten ?? MUCH) < MUCH, `${failure.bytesWritten}`);
    }
  });

  test.serial(title("an other end that is slow is not one that has stopped"), async (t) => {
    let received = 0;
    await using server = await rawServer((peer) => {
      peer.on("data", (bytes: Buffer) => {
        received += bytes.length;
        if (received >= MUCH) return void peer.write("2\r\nok");
        // Takes much longer in all than the deadline for taking anything.
        peer.pause();
        setTimeout(() => peer.resume(), 3);
      });
    });
    const made = socket({ ...server.address, writeTimeoutMs: 150 });
    const { replies } = await play("exchange", { made, requests: ["x".repeat(MUCH)] }, way);
    t.deepEqual(replies.map(String), ["ok"]);
  });

  test.serial(title("an other end that answers before it has read everything is read meanwhile"), async (t) => {
    // An echo that stops reading while its own answer is not taken.
    await using server = await rawServer((peer) => void peer.pipe(peer));
    const text = "x".repeat(MUCH);
    const options = { ...server.address, maxMessageSize: MUCH, writeTimeoutMs: 5000 };
    const { replies } = await play("exchange", { made: socket(options), requests: [text] }, way);
    t.true(replies[0]?.equals(Buffer.from(text)));
  });

  test.serial(
    title("a reply that came before the connection broke, or stalled, while the request was sent, counts"),
    async (t) => {
      for (const [isReset, limit, length] of [
        [true, {}, 10],
        [true, {}, 30_000],
        [false, { writeTimeoutMs: 150 }, 10],
        [false, { writeTimeoutMs: 150 }, 3_000_000],
      ] as const) {
        const answer = "x".repeat(length);
        await using server = await rawServer((peer) => {
          peer.once("data", () => {
            peer.pause();
            peer.write(`${length}\r\n${answer}`, () => isReset && peer.resetAndDestroy());
          });
        });
        const options = { ...server.address, ...limit, keepAlive: true };
        const { reply, heard, isClosed } = await play("hearEarly", { made: socket(options), size: MUCH }, way);
        t.is(reply, answer);
        t.deepEqual(heard, [isReset ? "ERR_CONNECTION_RESET" : "ERR_WRITE_TIMEOUT"]);
        t.true(isClosed);
      }
    },
  );

  test.serial(title("the connection breaks while a call writes, or waits: ERR_CONNECTION_RESET"), async (t) => {
    for (const size of [1, MUCH]) {
      await using server = await rawServer((peer) => void peer.once("data", () => peer.resetAndDestroy()));
      const { failure } = await play("fail", { made: socket(server.address), size }, way);
      t.is(failure.code, "ERR_CONNECTION_RESET");
      t.is(failure.outcome, "unknown");
      t.true(failure.isClosed);
    }
  });
}

test.serial("the other end ends in mid-message: ERR_FRAME_TRUNCATED; before it: ERR_CONNECTION_CLOSED", async (t) => {
  for (const [text, code] of [
    ["10\r\nabc", "ERR_FRAME_TRUNCATED"],
    ["", "ERR_CONNECTION_CLOSED"],
    ["x\r\n", "ERR_FRAME_BAD_LENGTH"],
  ] as const) {
    await using server = await rawServer((peer) => void peer.once("data", () => peer.end(text)));
    const { failure } = await play("fail", { made: socket({ ...server.address, keepAlive: true }), size: 1 });
    t.is(failure.code, code);
    t.is(failure.outcome, "unknown");
    t.true(failure.isClosed);
  }
});

test.serial("a serial line on which nobody answers: ERR_REPLY_TIMEOUT", async (t) => {
  const line = await openVirtualLine();
  const made: Made = { device: "Serial", framing: "WithTerminator", options: { path: line.a } };
  const { failure } = await play("fail", { made, size: 1, timeoutMs: 150 });
  t.is(failure.code, "ERR_REPLY_TIMEOUT");
  t.true(failure.ms >= 150 && failure.ms < 10_000);
  await line.close();
});

test.serial("a serial line that is stalled: ERR_WRITE_TIMEOUT, with how much was written", async (t) => {
  const line = await openVirtualLine();
  await line.stall();
  const made: Made = { device: "Serial", framing: "WithReadWrite", options: { path: line.a, writeTimeoutMs: 150 } };
  await using apart = new Apart("fail", { made, size: 200_000 });
  const { failure } = await apart.result;
  t.is(failure.code, "ERR_WRITE_TIMEOUT");
  t.true(failure.ms >= 150 && failure.ms < 10_000);
  t.true((failure.bytesWritten ?? 0) > 0 && (failure.bytesWritten ?? 200_000) < 200_000, `${failure.bytesWritten}`);
  await line.close();
});

test.serial("a device that echoes while it is written to, on a serial line", async (t) => {
  const line = await openVirtualLine();
  await using raw = rawLine(line.b);
  raw.socket.on("data", (bytes: Buffer) => raw.socket.write(bytes));
  const text = "x".repeat(200_000);
  const made: Made = { device: "Serial", framing: "WithReadWrite", options: { path: line.a, writeTimeoutMs: 5000 } };
  const { replies } = await play("exchange", { made, requests: [text] });
  t.is(replies[0]?.toString(), text);
  await line.close();
});
