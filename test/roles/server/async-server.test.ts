/** Asynchronous servers: from listening to closing. */
import { type ChannelError, ServerError } from "../../../src/errors.ts";
import type { Handler } from "../../support/channel-cells.ts";
import { echo } from "../../support/channel-stage.ts";
import {
  event,
  forEach,
  gate,
  keepLines,
  onSockets,
  seriesOnSockets,
  subjects,
} from "../../support/channel-subjects.ts";
import { rawConnect } from "../../support/tcp-peers.ts";

await keepLines();

forEach(subjects, "listen(), address(), close(), and the hooks and events on the way", async (t, { family, place }) => {
  const spot = await place.open();
  const told: string[] = [];
  const server = new family.Server({
    ...spot.server,
    serverStart: () => void told.push("serverStart"),
    serverClose: () => void told.push("serverClose"),
  });
  for (const name of ["listening", "close"] as const) server.on(name, () => told.push(name));
  t.true(server.closed);
  t.throws(() => server.address(), { code: "ERR_CHANNEL_CLOSED" });
  await Promise.all([server.listen(), server.listen()]);
  await server.listen();
  t.false(server.closed);
  t.false(server.done);
  if (place.title === "TCP") t.true((server.address().port ?? 0) > 0);
  else if (spot.server["path"] !== undefined) t.is(server.address().path, spot.server["path"] as string);
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
    const settled = call.then(String, (error: unknown) => (error as ChannelError).code as string);
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
