/** Asynchronous servers: from listening to closing. */
import test from "ava";
import { ServerError } from "../../src/errors.ts";
import type { Handler } from "../support/channel-cells.ts";
import { echo } from "../support/channel-stage.ts";
import {
  event,
  forEach,
  gate,
  keepLines,
  onSockets,
  onTcp,
  series,
  seriesOnSockets,
  subjects,
  wireOf,
} from "../support/channel-subjects.ts";
import { rawConnect } from "../support/tcp-peers.ts";

await keepLines();

forEach(subjects, "listen(), address(), close(), and the hooks and events on the way", async (t, { family, place }) => {
  const spot = await place.open();
  const told: string[] = [];
  const server = new family.Server({
    ...spot.server,
    serverStart: () => void told.push("serverStart"),
    serverClose: () => void told.push("serverClose"),
  });
  for (const event of ["listening", "close"] as const) server.on(event, () => told.push(event));
  t.true(server.closed);
  t.throws(() => server.address(), { code: "ERR_CHANNEL_CLOSED" });
  await Promise.all([server.listen(), server.listen()]);
  await server.listen();
  t.false(server.closed);
  t.false(server.done);
  if (place.title === "TCP") t.true((server.address().port ?? 0) > 0);
  else t.is(server.address().path, spot.server["path"] as string);
  await Promise.all([server.close(), server.close()]);
  await server.close();
  t.true(server.closed);
  t.true(server.done);
  t.deepEqual(told, ["serverStart", "listening", "serverClose", "close"]);
  await spot.close();
});

forEach(subjects, "a server that was closed can listen again", async (t, { family, place }) => {
  const spot = await place.open();
  const server = new family.Server({ ...spot.server, processData: echo });
  for (const round of [1, 2, 3]) {
    await server.listen();
    const hasEnds = family.boundary !== "channel" || place.device === "Socket";
    const client = new family.Client({ ...spot.client(server.address()), ...(!hasEnds && { messageEnd: "read" }) });
    t.is(String(await client.clientCommunicate(`round ${round}`)), `round ${round}`);
    await client.close();
    await server.close();
  }
  await spot.close();
});

forEach(
  subjects,
  "serveForever() resolves when the server is closed, or the time is up",
  async (t, { family, place }) => {
    const spot = await place.open();
    const server = new family.Server(spot.server);
    const served = server.serveForever();
    await event(server, "listening");
    await server.close();
    await served;
    await server.serveForever({ timeoutMs: 20 });
    t.true(server.closed);
    await spot.close();
  },
);

forEach(
  subjects,
  "serveForever() rejects with the reason of its signal, with everything closed",
  async (t, { family, place }) => {
    const spot = await place.open();
    const server = new family.Server(spot.server);
    const reason = new Error("enough");
    await t.throwsAsync(server.serveForever({ signal: AbortSignal.abort(reason) }), { is: reason });
    t.true(server.closed);
    const controller = new AbortController();
    server.once("listening", () => controller.abort(reason));
    await t.throwsAsync(server.serveForever({ signal: controller.signal }), { is: reason });
    t.true(server.closed);
    await spot.close();
  },
);

forEach(subjects, "keepRunning() ends serveForever()", async (t, { family, place }) => {
  const spot = await place.open();
  let asked = 0;
  const server = new family.Server({ ...spot.server, keepRunning: () => ++asked < 2 });
  await server.serveForever();
  t.is(asked, 2, "it is asked without anybody connecting");
  t.true(server.closed);
  await spot.close();
});

forEach(onSockets, "keepRunning() is asked after each connection", async (t, subject) => {
  let left = 2;
  await using stage = await subject.open({
    server: { processData: echo, keepRunning: () => left > 0, onClose: () => void left-- },
  });
  const closed = event(stage.server, "close");
  await stage.client().clientCommunicate("one");
  await stage.client().clientCommunicate("two");
  await closed;
  t.is(stage.server.stats().accepted, 2);
});

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
  t.deepEqual(told, ["accept true", "close true"], "a channel that is not open yet can be given listeners");
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
          await null;
          channel.start(`second of ${data.toString()}`);
          await null;
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

forEach(onSockets, "close() at once cuts off what is under way; drainTimeoutMs lets it finish", async (t, subject) => {
  for (const drainTimeoutMs of [0, 10_000]) {
    const asked = gate();
    const answer = gate();
    await using stage = await subject.open({
      server: {
        async processData(data, channel) {
          asked.open();
          await answer.passed;
          if (!channel.closed) channel.start(data);
        },
      },
    });
    const call = stage.client().clientCommunicate("hello");
    const settled = call.then(String, (error: { code: string }) => error.code);
    await asked.passed;
    const closed = stage.server.close({ drainTimeoutMs });
    t.true(stage.server.done);
    await t.throwsAsync(new subject.family.Client(stage.address).clientCommunicate("late"), {
      code: "ERR_CONNECT_REFUSED",
    });
    if (drainTimeoutMs > 0) answer.open();
    const outcome = await settled;
    if (drainTimeoutMs > 0) t.is(outcome, "hello");
    else t.true(["ERR_CONNECTION_CLOSED", "ERR_CONNECTION_RESET", ""].includes(outcome), outcome);
    await closed;
    answer.open();
    t.true(stage.server.closed);
  }
});

forEach(onSockets, "close() gives up on what is under way when drainTimeoutMs is over", async (t, subject) => {
  const asked = gate();
  await using stage = await subject.open({
    server: {
      processData() {
        asked.open();
        return new Promise(() => undefined);
      },
    },
  });
  const call = stage
    .client()
    .clientCommunicate("hello")
    .catch((error: unknown) => error);
  await asked.passed;
  await stage.server.close({ drainTimeoutMs: 20 });
  t.true(stage.server.closed);
  await call;
});

forEach(seriesOnSockets, "finish() of a server with idle connections closes it", async (t, subject) => {
  await using stage = await subject.open();
  const channel = stage.persistent();
  await channel.connect();
  if (stage.server.channels.size === 0) await event(stage.server, "accept");
  const closed = Promise.all([event(stage.server, "close"), event(channel, "close")]);
  stage.server.finish();
  await closed;
  t.true(stage.server.closed);
});

forEach(
  onSockets,
  "maxConnections: more are dropped at once, counted and told of, and room is used again",
  async (t, subject) => {
    const drops = gate();
    await using stage = await subject.open({ server: { processData: echo, maxConnections: 1 } });
    stage.server.once("drop", () => drops.open());
    await using first = await rawConnect(stage.address);
    if (stage.server.channels.size === 0) await event(stage.server, "accept");
    await using second = await rawConnect(stage.address);
    t.is(await second.ended, "");
    await drops.passed;
    t.deepEqual(stage.server.stats(), { open: 1, accepted: 1, dropped: 1 });
    const [channel] = stage.server.channels;
    const closed = event(channel as Handler, "close");
    first.socket.destroy();
    await closed;
    t.is(String(await stage.client().clientCommunicate("room")), "room");
  },
);

forEach(onSockets, "an address in use is told", async (t, subject) => {
  await using stage = await subject.open();
  const { port, path, host } = stage.server.address();
  const other = new subject.family.Server(path === undefined ? { host, port } : { path });
  const error = await t.throwsAsync(other.listen(), { code: "ERR_ADDRESS_IN_USE" });
  t.true(ServerError.is(error));
  t.true(other.closed);
  t.is(String(await stage.client().clientCommunicate("still here")), "still here");
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
