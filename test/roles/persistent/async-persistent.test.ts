/** Persistent channels: full duplex, any order, until somebody finishes. */
import { setImmediate as turn } from "node:timers/promises";
import { openPair, type PersistentEnd } from "../../support/channel-pairs.ts";
import { event, forEach, gate, keepLines, onSockets, series, subjects } from "../../support/channel-subjects.ts";

await keepLines();

const allBytes = Buffer.from(Uint8Array.from({ length: 256 }, (_, index) => 255 - index));
const singles = subjects.filter(({ family }) => family.boundary === "half-close");
const streams = subjects.filter(({ family }) => family.boundary === "channel");

/** Reads so many messages. */
async function take(channel: PersistentEnd, count: number): Promise<string[]> {
  const got: string[] = [];
  if (count > 0) for await (const message of channel) if (got.push(message.toString("latin1")) === count) break;
  return got;
}

/** Reads until the channel is closed. */
async function takeAll(channel: PersistentEnd): Promise<string[]> {
  const got: string[] = [];
  for await (const message of channel) got.push(message.toString("latin1"));
  return got;
}

forEach(series, "both sides send different lists at once, and each gets the other's in order", async (t, subject) => {
  await using pair = await openPair(subject);
  const lists = ["near", "far"].map((name) =>
    Array.from({ length: 200 }, (_, index) => `${name} ${index} ${"x".repeat(index)}`),
  ) as [string[], string[]];
  const [near, far] = [take(pair.near, 200), take(pair.far, 200)];
  for (let index = 0; index < 200; index++) {
    pair.near.start(lists[0][index] as string);
    pair.far.start(lists[1][index] as string);
    if (index % 7 === 0) await turn();
  }
  t.deepEqual(await near, lists[1]);
  t.deepEqual(await far, lists[0]);
});

forEach(series, "empty, long and binary messages", async (t, subject) => {
  await using pair = await openPair(subject);
  const messages = ["", allBytes, Buffer.alloc(6000, "abc"), "", Buffer.alloc(10_000, allBytes)];
  const got = take(pair.far, messages.length);
  for (const message of messages) pair.near.start(message);
  t.deepEqual(
    await got,
    messages.map((message) => Buffer.from(message as Buffer).toString("latin1")),
  );
});

forEach(singles, "one message each way at once, each ended by finish()", async (t, subject) => {
  await using pair = await openPair(subject);
  const received = Promise.all([takeAll(pair.near), takeAll(pair.far)]);
  pair.near.start(Buffer.alloc(10_000, allBytes));
  pair.far.start("from the other ");
  pair.far.start("end");
  pair.near.finish();
  pair.far.finish();
  const [near, far] = await received;
  t.deepEqual(near, ["from the other end"]);
  t.deepEqual(far, [Buffer.alloc(10_000, allBytes).toString("latin1")]);
});

forEach(streams, "bytes flow both ways at once; each read is a message", async (t, subject) => {
  await using pair = await openPair(subject);
  const sent = Buffer.alloc(10_000, allBytes).toString("latin1");
  const collect = async (channel: PersistentEnd): Promise<string> => {
    let got = "";
    for await (const message of channel) {
      got += message.toString("latin1");
      if (got.length >= sent.length) break;
    }
    return got;
  };
  const received = Promise.all([collect(pair.near), collect(pair.far)]);
  pair.near.start(Buffer.from(sent, "latin1"));
  pair.far.start(Buffer.from(sent, "latin1"));
  t.deepEqual(await received, [sent, sent]);
});

forEach(onSockets, "finish() sends everything first, and the other end's loop just ends", async (t, subject) => {
  await using pair = await openPair(subject);
  const long = "0123456789abcdef".repeat(64 * 1024);
  const received = takeAll(pair.far);
  pair.near.start(long);
  t.false(pair.near.done);
  pair.near.finish();
  t.true(pair.near.done);
  t.throws(() => pair.near.start("too late"), { code: "ERR_CHANNEL_CLOSED" });
  if (subject.family.boundary === "half-close") pair.far.finish();
  t.is((await received).join(""), long);
  if (!pair.near.closed) await event(pair.near, "close");
  t.true(pair.near.closed);
});

forEach(series, "finish() on a line or a socket: queued messages arrive", async (t, subject) => {
  await using pair = await openPair(subject);
  const texts = Array.from({ length: 50 }, (_, index) => `message ${index} ${"y".repeat(200)}`);
  const received = take(pair.far, 50);
  for (const text of texts) pair.near.start(text);
  pair.near.finish();
  t.deepEqual(await received, texts);
});

forEach(series, "messages that come before anybody listens wait", async (t, subject) => {
  await using pair = await openPair(subject);
  const isThere = event(pair.far, "message");
  pair.near.start("first");
  await isThere;
  for (const text of ["second", "third"]) pair.near.start(text);
  t.deepEqual(await take(pair.far, 2), ["second", "third"]);
  const late: string[] = [];
  pair.near.start("fourth");
  // The far end has told of the fourth before it tells of the fifth.
  pair.far.on("message", (message) => late.push(message.toString()));
  pair.near.start("fifth");
  while (late.length < 2) await event(pair.far, "message");
  t.deepEqual(late, ["fourth", "fifth"]);
});

forEach(series, "leaving a loop leaves the channel open, and another loop goes on", async (t, subject) => {
  await using pair = await openPair(subject);
  for (const text of ["a", "b", "c"]) pair.near.start(text);
  t.deepEqual(await take(pair.far, 1), ["a"]);
  t.false(pair.far.closed);
  t.deepEqual(await take(pair.far, 2), ["b", "c"]);
});

forEach(series, "processData may be an option, and its promise holds the next message back", async (t, subject) => {
  const log: string[] = [];
  const all = gate();
  await using pair = await openPair(
    subject,
    {},
    {
      async processData(data) {
        log.push(`begin ${data.toString()}`);
        await turn();
        log.push(`end ${data.toString()}`);
        if (data.toString() === "b") all.open();
      },
    },
  );
  pair.near.start("a");
  pair.near.start("b");
  await all.passed;
  t.deepEqual(log, ["begin a", "end a", "begin b", "end b"]);
});

forEach(series, "queryDone() finishes the channel", async (t, subject) => {
  const got: string[] = [];
  await using pair = await openPair(
    subject,
    { onError: () => undefined },
    { processData: (data) => void got.push(data.toString()), queryDone: () => got.includes("quit") },
    "hang-up",
  );
  const closed = event(pair.far, "close");
  pair.near.start("stay");
  pair.near.start("quit");
  await closed;
  t.deepEqual(got, ["stay", "quit"]);
});
