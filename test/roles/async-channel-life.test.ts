/** Open, closing, closed: what asynchronous channels promise about their life, whatever happens meanwhile. */
import { setImmediate as turn } from "node:timers/promises";
import type { CloseReason } from "../../src/core/close-reason.ts";
import type { ChannelError } from "../../src/errors.ts";
import type { Handler } from "../support/channel-cells.ts";
import { openPair } from "../support/channel-pairs.ts";
import {
  event,
  forEach,
  gate,
  keepLines,
  onSockets,
  onTcp,
  seriesOnSockets,
  subjects,
  wireOf,
} from "../support/channel-subjects.ts";
import { rawConnect, rawServer } from "../support/tcp-peers.ts";

await keepLines();

forEach(
  subjects,
  "close() settles after removeAllListeners(), and with a close listener that throws",
  async (t, subject) => {
    await using stage = await subject.open();
    const errors: unknown[] = [];
    const channel = stage.persistent({ onError: (error) => void errors.push(error.cause) });
    await channel.connect();
    channel.removeAllListeners();
    await channel.close();
    const boom = new Error("boom");
    await channel.connect();
    channel.once("close", () => {
      throw boom;
    });
    await channel.close();
    t.deepEqual(errors, [boom]);
  },
);

forEach(subjects, "connect() while closing waits for the end, then opens again", async (t, subject) => {
  await using stage = await subject.open({ server: { processData: () => undefined } });
  const channel = stage.persistent();
  await channel.connect();
  const closed = channel.close();
  await channel.connect();
  t.notThrows(() => channel.start("x"));
  t.false(channel.closed);
  await closed;
  await channel.close();
});

forEach(onSockets, "connect() while finishing waits for the end, then opens again", async (t, subject) => {
  await using stage = await subject.open({ server: { processData: () => undefined, keepAlive: true } });
  const channel = stage.persistent();
  await channel.connect();
  channel.finish();
  await channel.connect();
  t.notThrows(() => channel.start("x"));
  await channel.close();
});

forEach(
  subjects,
  "callers of connect() share an attempt, and each has its own signal and deadline",
  async (t, subject) => {
    await using stage = await subject.open();
    const hold = gate();
    const channel = stage.persistent({ onConnect: () => hold.passed });
    const controller = new AbortController();
    const reason = new Error("mine");
    const [aborted, late, patient] = [
      channel.connect({ signal: controller.signal }),
      channel.connect({ timeoutMs: 20 }),
      channel.connect(),
    ];
    controller.abort(reason);
    await t.throwsAsync(aborted, { is: reason });
    await t.throwsAsync(late, { code: "ERR_CONNECT_TIMEOUT" });
    hold.open();
    await patient;
    t.false(channel.closed);
    await channel.close();
  },
);

forEach(onTcp, "connect({ timeoutMs }) takes what is a duration, and nothing else", async (t, subject) => {
  await using stage = await subject.open();
  const channel = stage.persistent();
  for (const timeoutMs of [Number.NaN, -1, "5"]) {
    await t.throwsAsync(channel.connect({ timeoutMs: timeoutMs as number }), {
      code: "ERR_OPTIONS",
      message: /timeoutMs/,
    });
  }
  await channel.connect({ timeoutMs: Number.POSITIVE_INFINITY });
  t.false(channel.closed);
  await channel.close();
});

forEach(seriesOnSockets, "start(12 MiB), finish(), drain(): a slow reader gets everything", async (t, subject) => {
  const size = 12 * 1024 * 1024;
  const ended = gate<number>();
  await using server = await rawServer((socket) => {
    let got = 0;
    socket.on("data", (bytes: Buffer) => {
      got += bytes.length;
      socket.pause();
      setImmediate(() => socket.resume());
    });
    socket.on("end", () => {
      ended.open(got);
      socket.end();
    });
  });
  const channel = new subject.family.Persistent(server.address);
  await channel.connect();
  const payload = "z".repeat(size);
  channel.start(payload);
  channel.finish();
  await channel.drain();
  t.is(await ended.passed, wireOf(subject.family, payload).length);
  await channel.close();
});

forEach(onTcp, "drain() and send() that are pending at close() reject with ERR_CHANNEL_CLOSED", async (t, subject) => {
  await using server = await rawServer((socket) => socket.pause());
  const channel = new subject.family.Persistent({ ...server.address, maxQueuedBytes: 17_000_000 });
  await channel.connect();
  channel.start(Buffer.alloc(16_000_000));
  const pending = [channel.drain(), channel.send(Buffer.alloc(1_000)), channel.send(Buffer.alloc(15_000_000))];
  const results = Promise.allSettled(pending);
  await channel.close();
  for (const result of await results)
    t.is(result.status === "rejected" && (result.reason as ChannelError).code, "ERR_CHANNEL_CLOSED");
});

forEach(seriesOnSockets, "send() waits while the queue is full, in order, and can be given up", async (t, subject) => {
  const goOn = gate();
  let got = "";
  await using server = await rawServer((socket) => {
    void goOn.passed.then(() => socket.on("data", (bytes: Buffer) => (got += bytes.toString("latin1"))));
  });
  const channel = new subject.family.Persistent({ ...server.address, maxQueuedBytes: 8_000_000 });
  await channel.connect();
  const texts = ["a", "b", "c"].map((letter) => letter.repeat(7_000_000));
  const sends = texts.map((text) => channel.send(text));
  await t.throwsAsync(channel.send("never", { timeoutMs: 20 }), { code: "ERR_WRITE_TIMEOUT" });
  t.throws(() => channel.start(texts[0] as string), { code: "ERR_BACKPRESSURE" });
  await t.throwsAsync(channel.send(Buffer.alloc(9_000_000)), { code: "ERR_BACKPRESSURE" });
  goOn.open();
  await Promise.all(sends);
  await channel.send("last");
  while (got.length < 21_000_000) await turn();
  while (!got.includes("last")) await turn();
  t.is(got, wireOf(subject.family, ...texts, "last"));
  await channel.close();
});

forEach(onTcp, "many calls of close(), and calls on one signal, leave no warning", async (t, subject) => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on("warning", note);
  await using stage = await subject.open();
  const channel = stage.persistent();
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 30 }, () => channel.connect({ signal })));
  await Promise.all(Array.from({ length: 30 }, () => channel.drain({ signal })));
  await Promise.all(Array.from({ length: 30 }, () => channel.close()));
  await turn();
  process.off("warning", note);
  t.deepEqual(warnings, []);
});

forEach(seriesOnSockets, "close and onClose say why: self, peer or fault", async (t, subject) => {
  const reasons: [string, CloseReason][] = [];
  const closings = [gate(), gate(), gate()];
  await using stage = await subject.open({
    server: {
      processData: (data, channel) => (data.toString() === "finish" ? channel.finish() : channel.start(data)),
      onClose: (_, reason) => {
        reasons.push(["server", reason]);
        closings[reasons.length - 1]?.open();
      },
      onError: () => undefined,
    },
  });
  const peer = await rawConnect(stage.address);
  peer.socket.end();
  await closings[0]?.passed;
  const broken = await rawConnect(stage.address);
  if (stage.server.channels.size === 0) await event(stage.server, "accept");
  const gone = event([...stage.server.channels][0] as Handler, "close");
  broken.socket.write(wireOf(subject.family, "half").slice(0, 2));
  broken.socket.end();
  const [eventReason] = (await gone) as [CloseReason];
  t.is(eventReason.by, "fault");
  t.is(eventReason.error?.code, "ERR_FRAME_TRUNCATED");
  const told: CloseReason[] = [];
  const channel = stage.persistent({ onClose: (_, reason) => void told.push(reason) });
  await channel.connect();
  channel.start("finish");
  await closings[2]?.passed;
  t.deepEqual(
    reasons.map(([, { by }]) => by),
    ["peer", "fault", "self"],
  );
  if (!channel.closed) await event(channel, "close");
  t.deepEqual(told, [{ by: "peer" }]);
  await channel.connect();
  await channel.close();
  t.deepEqual(told[1], { by: "self" });
  peer.socket.destroy();
  broken.socket.destroy();
});

forEach(
  onTcp.filter(({ family }) => family.boundary === "message"),
  "signal and close come at once, also while a message is being processed for ever",
  async (t, subject) => {
    const asked = gate<Handler>();
    const codes: string[] = [];
    await using stage = await subject.open({
      server: {
        processData: (_, channel) => {
          asked.open(channel);
          return new Promise(() => undefined);
        },
        onError: (error) => void codes.push(error.code),
      },
    });
    const raw = await rawConnect(stage.address);
    raw.socket.write(wireOf(subject.family, "think"));
    const handler = await asked.passed;
    const { signal } = handler;
    t.false(signal.aborted);
    const closed = event(handler, "close") as Promise<[CloseReason]>;
    raw.socket.resetAndDestroy();
    const [reason] = await closed;
    t.true(signal.aborted);
    t.is(stage.server.channels.size, 0);
    if (reason.by === "fault") t.is(signal.reason, reason.error);
  },
);

forEach(
  seriesOnSockets,
  "a hook that gives up because the signal aborted is no fault; others are reported",
  async (t, subject) => {
    const asked = gate<Handler>();
    const errors: ChannelError[] = [];
    const reported = gate();
    const boom = new Error("boom");
    let count = 0;
    await using stage = await subject.open({
      server: {
        processData: (_, channel) => {
          asked.open(channel);
          return new Promise((_resolve, reject) => {
            channel.signal.addEventListener("abort", () => reject(count++ === 0 ? channel.signal.reason : boom));
          });
        },
        onError: (error) => {
          if (error.cause !== boom) return;
          errors.push(error);
          reported.open();
        },
      },
    });
    for (const round of [1, 2]) {
      const channel = stage.persistent();
      await channel.connect();
      channel.start(`round ${round}`);
      while (stage.server.channels.size === 0 || count < round - 1) await turn();
      while ([...stage.server.channels][0] === undefined) await turn();
      if (round === 1) await asked.passed;
      else for (let turns = 0; turns < 50; turns++) await turn();
      for (const each of stage.server.channels) await each.close();
      if (!channel.closed) await event(channel, "close");
    }
    await reported.passed;
    t.is(errors.length, 1);
  },
);

forEach(subjects, "the signal is another one after each opening", async (t, subject) => {
  await using stage = await subject.open();
  const channel = stage.persistent();
  t.true(channel.signal.aborted, "while the channel is closed");
  await channel.connect();
  const first = channel.signal;
  t.is(channel.signal, first);
  t.false(first.aborted);
  await channel.close();
  t.true(first.aborted);
  t.is(channel.signal, first);
  await channel.connect();
  t.not(channel.signal, first);
  t.false(channel.signal.aborted);
  await channel.close();
});

forEach(
  seriesOnSockets,
  "messages that came before a reset are delivered before its error, though a hook is slow",
  async (t, subject) => {
    const log: string[] = [];
    const goOn = gate();
    await using pair = await openPair(
      subject,
      {},
      {
        async processData(data) {
          log.push(data.toString());
          await goOn.passed;
        },
        onError: (error) => void log.push(error.code),
      },
    );
    const closed = event(pair.far, "close");
    for (const text of ["one", "two", "three"]) pair.near.start(text);
    while (log.length === 0) await turn();
    for (let turns = 0; turns < 50; turns++) await turn();
    await pair.near.close();
    goOn.open();
    await closed;
    t.deepEqual(log.slice(0, 3), ["one", "two", "three"]);
  },
);
