/** Who gets a message of a persistent channel: processData; else an open iterator, alone; else all listeners; else it waits. */
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { openPair, type PersistentEnd } from "../../support/channel-pairs.ts";
import { event, forEach, gate, keepLines, series, seriesOnSockets, wireOf } from "../../support/channel-subjects.ts";
import { rawServer } from "../../support/tcp-peers.ts";

await keepLines();

/** Reads until the channel is closed. */
async function takeAll(channel: PersistentEnd): Promise<string[]> {
  const got: string[] = [];
  for await (const message of channel) got.push(message.toString());
  return got;
}

forEach(seriesOnSockets, "a loop that begins before connect() gets every message, and ends", async (t, subject) => {
  await using server = await rawServer((socket) => socket.end(wireOf(subject.family, "one", "two")));
  const channel = new subject.family.Persistent(server.address);
  const loop = takeAll(channel);
  await turn();
  await channel.connect();
  t.deepEqual(await loop, ["one", "two"]);
  if (!channel.closed) await event(channel, "close");
  const again = takeAll(channel);
  t.deepEqual(await again, [], "a loop on a channel that has closed ends at once");
});

forEach(seriesOnSockets, "a loop that begins in onAccept gets every message", async (t, subject) => {
  const got = gate<string[]>();
  await using stage = await subject.open({
    server: {
      handler: subject.family.PersistentHandler,
      onAccept: (channel) => void takeAll(channel as unknown as PersistentEnd).then((all) => got.open(all)),
    },
  });
  const channel = stage.persistent();
  await channel.connect();
  for (const text of ["one", "two"]) channel.start(text);
  channel.finish();
  t.deepEqual(await got.passed, ["one", "two"]);
});

forEach(series, "three messages that wait, and three times once()", async (t, subject) => {
  await using pair = await openPair(subject);
  for (const text of ["a", "b", "c"]) pair.near.start(text);
  const got: string[] = [];
  for (let count = 0; count < 3; count++) got.push(String((await once(pair.far as never, "message"))[0]));
  t.deepEqual(got, ["a", "b", "c"]);
});

forEach(
  series,
  "a loop that is left early beside a listener: each message is heard once, in order",
  async (t, subject) => {
    await using pair = await openPair(subject, {}, { maxPendingMessages: 4 });
    const count = 50;
    const [heard, looped]: [string[], string[]] = [[], []];
    const all = gate();
    pair.far.on("message", (message) => {
      if (heard.push(message.toString()) + looped.length === count) all.open();
    });
    const left = (async () => {
      for await (const message of pair.far) if (looped.push(message.toString()) === 3) break;
    })();
    const due = Array.from({ length: count }, (_, index) => `message ${index}`);
    for (const text of due) pair.near.start(text);
    await left;
    await all.passed;
    t.deepEqual([...looped, ...heard], due);
    t.is(looped.length, 3);
    pair.far.on("message", () => t.fail("old messages are not repeated"));
    await turn();
  },
);

forEach(series, "with processData, iterators and listeners get nothing", async (t, subject) => {
  const seen: string[] = [];
  const all = gate();
  await using pair = await openPair(
    subject,
    {},
    { processData: (data) => void (seen.push(data.toString()) === 2 && all.open()) },
  );
  pair.far.on("message", () => t.fail());
  const loop = takeAll(pair.far);
  for (const text of ["a", "b"]) pair.near.start(text);
  await all.passed;
  await pair.far.close();
  t.deepEqual([seen, await loop], [["a", "b"], []]);
});

forEach(series, "return() settles a next() that is pending", async (t, subject) => {
  await using pair = await openPair(subject);
  const iterator = pair.far[Symbol.asyncIterator]();
  const pending = iterator.next();
  await iterator.return();
  t.deepEqual(await pending, { done: true, value: undefined });
});

forEach(series, "close() of a channel that was never open ends loops", async (t, subject) => {
  await using stage = await subject.open();
  const channel = stage.persistent();
  const loop = takeAll(channel);
  await channel.close();
  t.deepEqual(await loop, []);
});

forEach(series, "listeners that come after removeAllListeners() get what waits", async (t, subject) => {
  await using pair = await openPair(subject);
  pair.far.removeAllListeners();
  pair.near.start("waits");
  for (let turns = 0; turns < 20; turns++) await turn();
  t.deepEqual((await event(pair.far, "message")).map(String), ["waits"]);
});

forEach(seriesOnSockets, "flush() empties the inbox; on a socket it drops whole messages only", async (t, subject) => {
  const more = gate();
  await using server = await rawServer((socket) => {
    const half = wireOf(subject.family, "a long message").slice(0, -4);
    socket.write(wireOf(subject.family, "one", "two") + half);
    void more.passed.then(() => socket.write(wireOf(subject.family, "a long message").slice(-4)));
  });
  const channel = new subject.family.Persistent(server.address);
  await channel.connect();
  t.is(String((await once(channel as never, "message"))[0]), "one");
  await channel.flush();
  more.open();
  t.is(String((await once(channel as never, "message"))[0]), "a long message");
  await channel.close();
});

forEach(seriesOnSockets, "the inbox is bounded by bytes too", async (t, subject) => {
  const body = "z".repeat(64 * 1024);
  const count = 200;
  await using server = await rawServer((socket) => {
    for (let index = 0; index < count; index++) socket.write(wireOf(subject.family, body));
  });
  const channel = new subject.family.Persistent({ ...server.address, maxPendingBytes: 256 * 1024 });
  await channel.connect();
  for (let turns = 0; turns < 2000; turns++) await turn();
  t.true((server.sockets[0]?.writableLength ?? 0) > 0, "the sender waits");
  let seen = 0;
  for await (const message of channel) if (message.length === body.length && ++seen === count) break;
  t.is(seen, count);
  await channel.close();
});
