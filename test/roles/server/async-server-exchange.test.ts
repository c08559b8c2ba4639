/** How asynchronous servers answer: many clients, and the rules of the exchange. */
import test from "ava";
import type { Handler } from "../../support/channel-cells.ts";
import { echo } from "../../support/channel-stage.ts";
import {
  event,
  forEach,
  gate,
  keepLines,
  onSockets,
  onTcp,
  series,
  seriesOnSockets,
  wireOf,
} from "../../support/channel-subjects.ts";
import { rawConnect } from "../../support/tcp-peers.ts";

await keepLines();

forEach(onSockets, "connections are told of and counted", async (t, subject) => {
  const told: string[] = [];
  const closings = gate();
  await using stage = await subject.open({
    server: {
      processData: echo,
      onAccept: (channel) => void told.push(`accept ${channel.closed}`),
      onClose: (channel) => {
        told.push(`close ${channel.closed}`);
        closings.open();
      },
    },
  });
  const accepted = event(stage.server, "accept") as Promise<Handler[]>;
  await stage.client().clientCommunicate("hello");
  const [channel] = await accepted;
  await closings.passed;
  t.true(channel?.closed);
  t.deepEqual(told, ["accept false", "close true"]);
  t.deepEqual(stage.server.stats(), { open: 0, accepted: 1, dropped: 0 });
  t.is(stage.server.channels.size, 0);
});

forEach(onSockets, "100 clients one after another", async (t, subject) => {
  await using stage = await subject.open();
  for (let index = 0; index < 100; index++) {
    const client = new subject.family.Client(stage.address);
    t.is(String(await client.clientCommunicate(`client ${index}`)), `client ${index}`);
  }
  t.is(stage.server.stats().accepted, 100);
});

forEach(onSockets, "100 clients at once, each with a handler that waits for all others", async (t, subject) => {
  const all = gate();
  let asked = 0;
  await using stage = await subject.open({
    server: {
      async processData(data, channel) {
        if (++asked === 100) all.open();
        await all.passed;
        channel.start(data);
      },
    },
  });
  const replies = Array.from({ length: 100 }, (_, index) => stage.client().clientCommunicate(`client ${index}`));
  const due = Array.from({ length: 100 }, (_, index) => `client ${index}`);
  t.deepEqual((await Promise.all(replies)).map(String), due);
});

forEach(
  series,
  "start() works after an await in a handler, and the next message waits for its promise",
  async (t, subject) => {
    const log: string[] = [];
    await using stage = await subject.open({
      server: {
        async processData(data, channel) {
          log.push(`begin ${data.toString()}`);
          channel.start("first");
          await Promise.resolve();
          channel.start(`second of ${data.toString()}`);
          await Promise.resolve();
          log.push(`end ${data.toString()}`);
        },
      },
    });
    const channel = stage.persistent();
    await channel.connect();
    const got: string[] = [];
    channel.start("a");
    channel.start("b");
    for await (const message of channel) if (got.push(message.toString()) === 4) break;
    t.deepEqual(got, ["first", "second of a", "first", "second of b"]);
    t.deepEqual(log, ["begin a", "end a", "begin b", "end b"]);
  },
);

forEach(
  seriesOnSockets,
  "bytes that drip in, and messages that come in one write, are the same messages",
  async (t, subject) => {
    await using stage = await subject.open();
    const wire = wireOf(subject.family, "one", "", "three");
    await using raw = await rawConnect(stage.address);
    raw.socket.write(wire);
    t.is(await raw.until(wire), wire);
    await using slow = await rawConnect(stage.address);
    await slow.drip(wire);
    t.is(await slow.until(wire), wire);
  },
);

forEach(onTcp, "shutdown and basic framing see what drips in as their rules say", async (t, subject) => {
  const seen: string[] = [];
  await using stage = await subject.open({
    server: {
      keepAlive: true,
      processData(data, channel) {
        seen.push(data.toString());
        channel.start(data);
      },
    },
  });
  await using raw = await rawConnect(stage.address);
  const isEnded = subject.family.boundary === "message";
  await raw.drip(isEnded ? wireOf(subject.family, "abc") : "abc");
  raw.socket.end();
  const echoed = await raw.ended;
  t.is(seen.join(""), "abc");
  t.is(subject.family.boundary === "half-close" ? seen.length : 1, 1, "one message a half-close");
  t.true(echoed.includes("abc"));
});

forEach(series, "keepAlive: false closes after one exchange", async (t, subject) => {
  await using stage = await subject.open({ server: { keepAlive: false, processData: echo }, onClose: "hang-up" });
  const channel = stage.persistent({ onError: () => undefined });
  await channel.connect();
  channel.start("one");
  const got: string[] = [];
  channel.on("message", (data) => got.push(data.toString()));
  await event(channel, "close");
  t.deepEqual(got, ["one"]);
});

forEach(
  series,
  "finish() in a handler closes after the answers; queryDone() says the same by returning true",
  async (t, subject) => {
    for (const way of ["finish", "queryDone"]) {
      await using stage = await subject.open({
        server: {
          processData(data, channel) {
            if (way === "finish") channel.finish();
            channel.start(`re: ${data.toString()}`);
          },
          ...(way === "queryDone" && { queryDone: () => true }),
        },
        onClose: "hang-up",
      });
      const channel = stage.persistent({ onError: () => undefined });
      await channel.connect();
      channel.start("one");
      const got: string[] = [];
      channel.on("message", (data) => got.push(data.toString()));
      await event(channel, "close");
      t.deepEqual(got, ["re: one"], way);
    }
  },
);

forEach(seriesOnSockets, "start() of the server reaches every channel", async (t, subject) => {
  await using stage = await subject.open();
  const channels = [stage.persistent(), stage.persistent()];
  await Promise.all(channels.map((channel) => channel.connect()));
  while (stage.server.channels.size < 2) await event(stage.server, "accept");
  const heard = channels.map((channel) => event(channel, "message"));
  stage.server.start("to all");
  t.deepEqual((await Promise.all(heard)).map(String), ["to all", "to all"]);
});

test("a server that nobody gave a hook emits each message with its channel", async (t) => {
  for (const { family, place } of onTcp) {
    const spot = await place.open();
    const server = new family.Server(spot.server);
    await server.listen();
    server.on("message", (data, channel) => channel.start(data));
    const client = new family.Client(spot.client(server.address()));
    t.is(String(await client.clientCommunicate("hello")), "hello");
    await server.close();
    await spot.close();
  }
});
