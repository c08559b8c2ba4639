/** Framings that need a clock, on real channels in both modes. Durations are compared with each other or with limits far off. */
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import test from "ava";
import {
  AsyncPersistentSocketWithFixedLength,
  AsyncPersistentSocketWithSilence,
  AsyncPersistentSocketWithStartEnd,
  AsyncSerialClientWithSilence,
  AsyncSocketClientWithFixedLength,
  AsyncSocketServerWithSilence,
  BlockingSerialClientWithSilence,
} from "../../generated/index.ts";
import { allCells } from "../support/channel-cells.ts";
import { endScripts, runScript } from "../support/channel-script-runner.ts";
import { rawConnect, rawServer } from "../support/tcp-peers.ts";

test.after.always(() => endScripts());

const SILENCE_MS = 50;
/** A pause that is far longer, so that a busy machine does not make it shorter. */
const PAUSE_MS = 600;

test("silence: bytes that come without a pause are a message, whatever the reads; the end completes one too", async (t) => {
  await using server = await rawServer((socket) => {
    void (async () => {
      socket.write("one ");
      await delay(2);
      socket.write("message");
      await delay(PAUSE_MS);
      socket.end("the last");
    })();
  });
  const channel = new AsyncPersistentSocketWithSilence({ ...server.address, silenceMs: SILENCE_MS, encoding: "utf8" });
  const seen: string[] = [];
  await channel.connect();
  for await (const message of channel) seen.push(message);
  t.deepEqual(seen, ["one message", "the last"]);
});

test("silence: messages are told apart also while one is being processed", async (t) => {
  await using server = await rawServer((socket) => {
    void (async () => {
      for (const text of ["one", "two", "three"]) {
        socket.write(text);
        await delay(PAUSE_MS);
      }
      socket.end();
    })();
  });
  const seen: string[] = [];
  const channel = new AsyncPersistentSocketWithSilence({
    ...server.address,
    silenceMs: SILENCE_MS,
    encoding: "utf8",
    async processData(message) {
      seen.push(message);
      if (message === "one") await delay(PAUSE_MS * 2.5);
    },
  });
  const closed = once(channel, "close");
  await channel.connect();
  await closed;
  t.deepEqual(seen, ["one", "two", "three"]);
});

test("silence: each message is sent on its own, the line quiet before it", async (t) => {
  const arrivals: { text: string; at: number }[] = [];
  await using server = await rawServer((socket) => {
    socket.on("data", (bytes: Buffer) => arrivals.push({ text: bytes.toString(), at: performance.now() }));
    socket.on("end", () => socket.end());
  });
  const channel = new AsyncPersistentSocketWithSilence({ ...server.address, silenceMs: SILENCE_MS });
  await channel.connect();
  for (const text of ["one", "two", "three"]) channel.start(text);
  await channel.drain();
  const closed = once(channel, "close");
  channel.start("four");
  channel.finish();
  await closed;
  t.deepEqual(
    arrivals.map(({ text }) => text),
    ["one", "two", "three", "four"],
  );
  for (const [index, { at }] of arrivals.entries()) {
    const before = arrivals[index - 1]?.at;
    // The other end may hear of the first of two a little late.
    if (before !== undefined) t.true(at - before > SILENCE_MS / 2, `${at - before} ms`);
  }
});

test("silence: a call waits until the line is quiet, and fails in its time if it never is", async (t) => {
  await using server = await rawServer((socket) => {
    const timer = setInterval(() => socket.write("."), 5);
    socket.on("close", () => clearInterval(timer));
  });
  for (const mode of ["async", "blocking"]) {
    const cell = allCells.find(
      (each) => each.className === `${mode === "async" ? "Async" : "Blocking"}SocketClientWithSilence`,
    );
    if (cell === undefined) throw new Error("there is no such class");
    const options = { ...server.address, silenceMs: SILENCE_MS };
    const { failure } = await runScript(cell, options, "failThenGoOn", { request: "hello", timeoutMs: 300 });
    t.regex(failure.code, /^ERR_(REPLY|WRITE)_TIMEOUT$/, mode);
  }
});

for (const mode of ["Async", "Blocking"]) {
  test(`silence: a ${mode} client exchanges messages with a server that answers after silence`, async (t) => {
    const server = new AsyncSocketServerWithSilence({
      port: 0,
      host: "127.0.0.1",
      silenceMs: SILENCE_MS,
      processData: (data, channel) => channel.start(data),
    });
    await server.listen();
    const cell = allCells.find((each) => each.className === `${mode}SocketClientWithSilence`);
    if (cell === undefined) throw new Error("there is no such class");
    const options = { port: server.address().port, keepAlive: true, silenceMs: SILENCE_MS };
    const requests = ["one", "two", "x".repeat(5000)];
    const { replies } = await runScript(cell, options, "exchange", requests);
    t.deepEqual(replies.map(String), requests);
    await server.close();
  });
}

test("silence does not go together with interByteTimeoutMs", (t) => {
  for (const Client of [AsyncSerialClientWithSilence, BlockingSerialClientWithSilence]) {
    t.throws(() => new Client({ path: "/dev/null", interByteTimeoutMs: 10 }), {
      code: "ERR_OPTIONS",
      message: /^option "interByteTimeoutMs" is 10/,
    });
    t.notThrows(() => new Client({ path: "/dev/null", interByteTimeoutMs: 0 }));
  }
});

test("silence: a handler that answers with nothing sends nothing: empty messages are refused", async (t) => {
  await using server = await rawServer();
  await using channel = new AsyncPersistentSocketWithSilence(server.address);
  await channel.connect();
  t.throws(() => channel.start(""), { code: "ERR_FRAME_INVALID" });
});

test("fixed length: with openQuietMs, what comes until the line is quiet after opening is dropped", async (t) => {
  await using server = await rawServer((socket) => {
    void (async () => {
      for (const rest of ["r", "est"]) {
        socket.write(rest);
        await delay(5);
      }
      await delay(PAUSE_MS);
      socket.end("12345678");
    })();
  });
  const options = { ...server.address, messageLength: 4, openQuietMs: 100, encoding: "utf8" } as const;
  const channel = new AsyncPersistentSocketWithFixedLength(options);
  const seen: string[] = [];
  await channel.connect();
  for await (const message of channel) seen.push(message);
  t.deepEqual(seen, ["1234", "5678"]);
});

for (const mode of ["Async", "Blocking"]) {
  test(`fixed length: with openQuietMs, a ${mode} client's request waits too, so the reply is not dropped`, async (t) => {
    await using server = await rawServer((socket) => {
      socket.write("xyz");
      socket.on("data", (bytes: Buffer) => socket.write(bytes));
    });
    const cell = allCells.find((each) => each.className === `${mode}SocketClientWithFixedLength`);
    if (cell === undefined) throw new Error("there is no such class");
    const options = { ...server.address, messageLength: 4, openQuietMs: 60, keepAlive: true };
    const { replies } = await runScript(cell, options, "exchange", ["1234", "5678"]);
    t.deepEqual(replies.map(String), ["1234", "5678"]);
  });
}

test("fixed length: messageLength is required, and another length is refused", async (t) => {
  t.throws(() => new AsyncSocketClientWithFixedLength({ port: 1 } as never), { code: "ERR_OPTIONS" });
  await using server = await rawServer();
  await using client = new AsyncSocketClientWithFixedLength({ ...server.address, messageLength: 4 });
  await t.throwsAsync(client.clientCommunicate("12345"), { code: "ERR_FRAME_INVALID" });
});

test("start and end: onDropped is called before the message behind what was dropped, as an option or as a method", async (t) => {
  await using server = await rawServer((socket) => socket.end("noise\u{2}a\u{3}\u{2}b\u{3}..\u{2}c\u{3}end"));
  const told: unknown[] = [];
  const channel = new AsyncPersistentSocketWithStartEnd({
    ...server.address,
    encoding: "utf8",
    onDropped: (count) => told.push(count),
    processData: (message) => void told.push(message),
  });
  const closed = once(channel, "close");
  await channel.connect();
  await closed;
  t.deepEqual(told, [5, "a", "b", 2, "c"]);

  class Own extends AsyncPersistentSocketWithStartEnd<"utf8"> {
    override onDropped(count: number): void {
      told.push(count);
      throw new Error("oops");
    }
  }
  told.length = 0;
  const errors: unknown[] = [];
  const own = new Own({ ...server.address, encoding: "utf8", onError: (error) => void errors.push(error.code) });
  await own.connect();
  for await (const message of own) told.push(message);
  t.deepEqual(told, [5, 2, "a", "b", "c"]);
  t.deepEqual(errors, ["ERR_HOOK_FAILED", "ERR_HOOK_FAILED"]);
});

test("a silence server closes a connection whose message is too large", async (t) => {
  const server = new AsyncSocketServerWithSilence({
    port: 0,
    host: "127.0.0.1",
    maxMessageSize: 4,
    onError: () => undefined,
  });
  await server.listen();
  await using raw = await rawConnect({ host: "127.0.0.1", port: server.address().port as number });
  raw.socket.write("12345");
  await raw.closed;
  t.pass();
  await server.close();
});
