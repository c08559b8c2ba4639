/** Faults of open sockets that are only told by time: the other end takes nothing, says nothing, or never ends. */
import { ChannelError, TimeoutError } from "../../src/errors.ts";
import type { Handler } from "../support/channel-cells.ts";
import { echo } from "../support/channel-stage.ts";
import { event, forEach, gate, onSockets, seriesOnSockets, wireOf } from "../support/channel-subjects.ts";
import { rawConnect, rawServer } from "../support/tcp-peers.ts";

/** More than the system takes for a peer that reads nothing. */
const MUCH = Buffer.alloc(32 * 1024 * 1024, "x");
/** Where a message can be incomplete, or too long. */
const withEnds = onSockets.filter(({ family }) => family.boundary !== "channel");

forEach(
  onSockets,
  "a connection that is half open has a deadline of its own: ERR_HALF_OPEN_TIMEOUT",
  async (t, subject) => {
    const failed = gate<[ChannelError, unknown]>();
    const asked = gate();
    await using stage = await subject.open({
      server: {
        halfOpenTimeoutMs: 30,
        processData() {
          asked.open();
          return new Promise<void>(() => undefined);
        },
        onError: (error, channel) => failed.open([error, channel]),
      },
    });
    await using raw = await rawConnect(stage.address);
    raw.socket.end(subject.family.boundary === "message" ? wireOf(subject.family, "x") : "x");
    await asked.passed;
    const [error, channel] = await failed.passed;
    t.true(TimeoutError.is(error));
    t.is(error.code, "ERR_HALF_OPEN_TIMEOUT");
    t.truthy(channel);
    await raw.ended;
  },
);

forEach(
  onSockets,
  "the other end never closes its side after finish(): the connection is released at the deadline",
  async (t, subject) => {
    await using stage = await subject.open({
      server: {
        halfOpenTimeoutMs: 30,
        keepAlive: false,
        processData: echo,
        onError: (error) => t.fail(error.message),
      },
    });
    const closed = event(stage.server, "accept").then(([channel]) => event(channel as Handler, "close"));
    await using raw = await rawConnect(stage.address);
    raw.socket.write(subject.family.boundary === "message" ? wireOf(subject.family, "x") : "x");
    if (subject.family.boundary === "half-close") raw.socket.end();
    await raw.ended;
    await closed;
    t.is(stage.server.stats().open, 0);
  },
);

forEach(
  onSockets,
  "the other end takes nothing: ERR_BACKPRESSURE above the limit, ERR_WRITE_TIMEOUT at the deadline",
  async (t, { family }) => {
    await using server = await rawServer((socket) => socket.pause());
    const failed = gate<ChannelError>();
    const channel = new family.Persistent({
      ...server.address,
      writeTimeoutMs: 50,
      maxQueuedBytes: MUCH.length,
      onError: (error) => failed.open(error),
    });
    await channel.connect();
    channel.start(MUCH.subarray(0, -100));
    t.throws(() => channel.start(MUCH.subarray(0, MUCH.length / 2)), { code: "ERR_BACKPRESSURE" });
    const error = await failed.passed;
    t.is(error.code, "ERR_WRITE_TIMEOUT");
    t.regex(error.message, /50 ms/);
    t.true((error.bytesWritten ?? 0) < MUCH.length);
    if (!channel.closed) await event(channel, "close");
    t.true(channel.closed);
  },
);

forEach(onSockets, "a client whose request is not taken: ERR_WRITE_TIMEOUT", async (t, { family }) => {
  await using server = await rawServer((socket) => socket.pause());
  const client = new family.Client({ ...server.address, writeTimeoutMs: 50, maxQueuedBytes: 2 * MUCH.length });
  const error = await t.throwsAsync(client.clientCommunicate(MUCH), { code: "ERR_WRITE_TIMEOUT" });
  t.is((error as ChannelError).outcome, "unknown");
  t.true(client.closed);
});

forEach(seriesOnSockets, "a client that does not read its answers holds up nobody else", async (t, subject) => {
  const failed = gate<ChannelError>();
  await using stage = await subject.open({
    server: {
      writeTimeoutMs: 80,
      processData: (data, channel) =>
        channel.start(data.toString() === "much" ? MUCH.subarray(0, 8 * 1024 * 1024) : data),
      onError: (error) => failed.open(error),
    },
  });
  await using raw = await rawConnect(stage.address);
  raw.socket.pause();
  raw.socket.write(wireOf(subject.family, "much", "much", "much"));
  const other = stage.client({ keepAlive: true });
  for (let index = 0; index < 20; index++) t.is(String(await other.clientCommunicate(`${index}`)), `${index}`);
  t.is((await failed.passed).code, "ERR_WRITE_TIMEOUT");
});

forEach(withEnds, "a message that drips in: ERR_FRAME_TIMEOUT, while others are served", async (t, subject) => {
  const failed = gate<ChannelError>();
  await using stage = await subject.open({
    server: { messageTimeoutMs: 150, processData: echo, onError: (error) => failed.open(error) },
  });
  await using raw = await rawConnect(stage.address);
  const other = stage.client();
  raw.socket.write(subject.family.framing === "WithReadWrite" ? "9999\r\n" : "x");
  while (!failed.isOpen) {
    await raw.drip("x");
    t.is(String(await other.clientCommunicate("quick")), "quick");
  }
  const error = await failed.passed;
  t.is(error.code, "ERR_FRAME_TIMEOUT");
  t.true((error.received ?? 0) > 0);
  await raw.ended;
});

forEach(onSockets, "a connection that says nothing: ERR_IDLE_TIMEOUT, while others are served", async (t, subject) => {
  const failed = gate<ChannelError>();
  await using stage = await subject.open({
    server: { idleTimeoutMs: 200, processData: echo, onError: (error) => failed.open(error) },
  });
  await using raw = await rawConnect(stage.address);
  while (!failed.isOpen) t.is(String(await stage.client().clientCommunicate("quick")), "quick");
  t.is((await failed.passed).code, "ERR_IDLE_TIMEOUT");
  await raw.ended;
});

forEach(
  seriesOnSockets,
  "a handler that thinks longer than the idle and message deadlines is let finish",
  async (t, subject) => {
    await using stage = await subject.open({
      server: {
        idleTimeoutMs: 100,
        messageTimeoutMs: 100,
        async processData(data, channel) {
          await new Promise((resolve) => setTimeout(resolve, 250));
          channel.start(data);
          channel.finish();
        },
        onError: (error) => t.fail(error.message),
      },
    });
    t.is(String(await stage.client().clientCommunicate("think")), "think");
  },
);

forEach(
  seriesOnSockets,
  "the time for which the server itself was busy is not the other end's silence",
  async (t, subject) => {
    await using stage = await subject.open({
      server: { idleTimeoutMs: 100, processData: echo, onError: (error) => t.fail(error.message) },
    });
    await using raw = await rawConnect(stage.address);
    raw.socket.write(wireOf(subject.family, "one"));
    await raw.until(wireOf(subject.family, "one"));
    raw.socket.write(wireOf(subject.family, "two"));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    t.is(await raw.until(wireOf(subject.family, "two")), wireOf(subject.family, "one", "two"));
  },
);
