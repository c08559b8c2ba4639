/** Persistent channels from opening to closing, and who waits for whom in between. */
import { setImmediate as turn } from "node:timers/promises";
import { openPair, type PersistentEnd } from "../../support/channel-pairs.ts";
import {
  forEach,
  gate,
  keepLines,
  onSockets,
  seriesOnSockets,
  subjects,
  wireOf,
} from "../../support/channel-subjects.ts";
import { rawServer } from "../../support/tcp-peers.ts";

await keepLines();

/** Reads until the channel is closed. */
async function takeAll(channel: PersistentEnd): Promise<string[]> {
  const got: string[] = [];
  for await (const message of channel) got.push(message.toString("latin1"));
  return got;
}

forEach(
  seriesOnSockets,
  "a slow loop makes the sender wait: memory is bounded, and nothing is lost",
  async (t, subject) => {
    const count = 512;
    const body = "z".repeat(64 * 1024);
    await using server = await rawServer((socket) => {
      for (let index = 0; index < count; index++) socket.write(wireOf(subject.family, `${index}:${body}`));
    });
    const channel = new subject.family.Persistent({ ...server.address, maxPendingMessages: 4 });
    await channel.connect();
    let seen = 0;
    for await (const message of channel) {
      t.true(message.toString().startsWith(`${seen}:`));
      seen++;
      // Many turns in which everything would come, if nobody held it back.
      if (seen === 1) for (let turns = 0; turns < 2000; turns++) await turn();
      if (seen === 1) t.true((server.sockets[0]?.writableLength ?? 0) > (count / 2) * body.length, "the sender stalls");
      if (seen === count) break;
    }
    t.is(seen, count);
    await channel.close();
  },
);

forEach(seriesOnSockets, "a slow hook makes the sender wait", async (t, subject) => {
  const body = "z".repeat(64 * 1024);
  const goOn = gate();
  const first = gate();
  await using server = await rawServer((socket) => {
    for (let index = 0; index < 512; index++) socket.write(wireOf(subject.family, body));
  });
  let seen = 0;
  const all = gate();
  const channel = new subject.family.Persistent({
    ...server.address,
    async processData() {
      if (++seen === 512) all.open();
      first.open();
      await goOn.passed;
    },
  });
  await channel.connect();
  await first.passed;
  for (let turns = 0; turns < 2000; turns++) await turn();
  t.true((server.sockets[0]?.writableLength ?? 0) > 256 * body.length);
  t.is(seen, 1);
  goOn.open();
  await all.passed;
  await channel.close();
});

forEach(
  onSockets,
  "maxQueuedBytes: more is refused with nothing queued, and drain tells when there is room",
  async (t, subject) => {
    await using pair = await openPair(subject, { maxQueuedBytes: 1000 });
    t.throws(() => pair.near.start(Buffer.alloc(1001)), { code: "ERR_BACKPRESSURE", message: /maxQueuedBytes, 1000/ });
    pair.near.start(Buffer.alloc(900));
    const error = t.throws(() => pair.near.start(Buffer.alloc(101)), { code: "ERR_BACKPRESSURE" });
    t.is((error as { outcome?: string }).outcome, "not-sent");
    await pair.near.drain();
    t.notThrows(() => pair.near.start(Buffer.alloc(900)));
  },
);

forEach(subjects, "connect() may be called again and at once; close() too", async (t, { family, place }) => {
  const spot = await place.open();
  const server = new family.Server(spot.server);
  await server.listen();
  const channel = new family.Persistent({ ...spot.client(server.address()), onError: () => undefined });
  let connects = 0;
  channel.on("connect", () => connects++);
  t.true(channel.closed);
  await Promise.all([channel.connect(), channel.connect()]);
  await channel.connect();
  t.is(connects, 1);
  await Promise.all([channel.close(), channel.close()]);
  await channel.close();
  t.true(channel.closed);
  t.throws(() => channel.start("x"), { code: "ERR_CHANNEL_CLOSED" });
  await channel.connect();
  t.is(connects, 2);
  await channel.close();
  await server.close();
  await spot.close();
});

forEach(
  subjects,
  "close() or a signal while opening rejects connect(), and everything is released",
  async (t, subject) => {
    await using stage = await subject.open();
    const channel = stage.persistent();
    const connecting = channel.connect();
    const closing = channel.close();
    await t.throwsAsync(connecting, { code: "ERR_CHANNEL_CLOSED" });
    await closing;
    t.true(channel.closed);
    const reason = new Error("no");
    const controller = new AbortController();
    const aborted = channel.connect({ signal: controller.signal });
    controller.abort(reason);
    await t.throwsAsync(aborted, { is: reason });
    t.true(channel.closed);
  },
);

forEach(onSockets, "onConnect may take its time: what comes meanwhile waits for it", async (t, subject) => {
  const log: string[] = [];
  const through = gate();
  await using server = await rawServer((socket) => {
    socket.write(subject.family.boundary === "message" ? wireOf(subject.family, "hello") : "hello");
    if (subject.family.boundary === "half-close") socket.end();
  });
  const channel = new subject.family.Persistent({
    ...server.address,
    async onConnect() {
      for (let turns = 0; turns < 50; turns++) await turn();
      log.push("connected");
    },
    processData(data) {
      log.push(data.toString());
      through.open();
    },
  });
  await channel.connect();
  await through.passed;
  t.deepEqual(log, ["connected", "hello"]);
  await channel.close();
});

forEach(subjects, "`await using` closes the channel", async (t, subject) => {
  await using stage = await subject.open();
  let isClosed = false;
  {
    await using channel = stage.persistent({ onClose: () => void (isClosed = true) });
    await channel.connect();
  }
  t.true(isClosed);
});

forEach(subjects, "close() ends a loop that waits", async (t, subject) => {
  await using pair = await openPair(subject, { onError: () => undefined }, { onError: () => undefined });
  const got = takeAll(pair.near);
  await turn();
  await pair.near.close();
  t.deepEqual(await got, []);
});
