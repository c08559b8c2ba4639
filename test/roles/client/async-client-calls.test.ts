/** Calls of asynchronous clients: their order, their deadlines, and how they end. */
import test from "ava";
import { getEventListeners, once } from "node:events";
import { ChannelError, StateError } from "../../../src/errors.ts";
import type { ClientOptions, Extra } from "../../support/channel-cells.ts";
import {
  forEach,
  gate,
  keepLines,
  onSockets,
  onTcp,
  series,
  seriesOnSockets,
  type Subject,
  wireOf,
} from "../../support/channel-subjects.ts";
import { rawServer } from "../../support/tcp-peers.ts";

await keepLines();

/** Client options with which three short exchanges work everywhere. */
function clientOptions(subject: Subject, options: ClientOptions = {}): ClientOptions {
  const isEndless = subject.family.boundary === "channel" && subject.family.device === "Serial";
  return { ...options, ...(isEndless && { messageEnd: "read" }) };
}
/** An answer that never comes. */
const never = new Promise<void>(() => undefined);
const everywhere = [...onSockets, ...series.filter((subject) => !onSockets.includes(subject))];

forEach(everywhere, "calls made at once are answered one after another, in order", async (t, subject) => {
  const requests = { atOnce: 0 };
  for (const keepAlive of [false, true]) {
    await using stage = await subject.open({
      server: {
        async processData(data, channel) {
          t.is(++requests.atOnce, 1, "no request is sent while another waits for its reply");
          await Promise.resolve();
          requests.atOnce--;
          channel.start(`re: ${data.toString()}`);
        },
      },
    });
    const client = stage.client(clientOptions(subject, { keepAlive }));
    const order: string[] = [];
    const calls = ["one", "two", "three"].map(async (request) => {
      const reply = await client.clientCommunicate(request);
      order.push(reply.toString());
    });
    await Promise.all(calls);
    t.deepEqual(order, ["re: one", "re: two", "re: three"]);
  }
});

forEach(everywhere, "processData may return a promise, which the result waits for", async (t, subject) => {
  await using stage = await subject.open();
  const told: string[] = [];
  const client = stage.client(
    clientOptions(subject, {
      async processData(data) {
        await Promise.resolve();
        told.push(`processed ${data.toString()}`);
      },
      queryDone: () => Promise.resolve(true),
      onConnect: async () => {
        await Promise.resolve();
        told.push("connected");
      },
    }),
  );
  const reply = await client.clientCommunicate("hello");
  t.deepEqual([...told, `returned ${reply.toString()}`], ["connected", "processed hello", "returned hello"]);
});

forEach(everywhere, "the events connect, message and close are emitted", async (t, subject) => {
  await using stage = await subject.open();
  const client = stage.client(clientOptions(subject));
  const told: string[] = [];
  client.on("connect", () => told.push("connect"));
  client.on("message", (data) => told.push(data.toString()));
  client.on("close", () => told.push("close"));
  await client.clientCommunicate("hello");
  t.deepEqual(told, ["connect", "hello", "close"]);
});

forEach(
  everywhere,
  "close() in mid-exchange settles the call and those that wait, each with its outcome",
  async (t, subject) => {
    const asked = gate();
    await using stage = await subject.open({ server: { processData: (): Promise<void> => (asked.open(), never) } });
    const client = stage.client(clientOptions(subject));
    const calls = Promise.allSettled([client.clientCommunicate("one"), client.clientCommunicate("two")]);
    await asked.passed;
    await client.close();
    t.true(client.closed);
    const [first, second] = (await calls).map((result) => (result as PromiseRejectedResult).reason as ChannelError);
    t.true(StateError.is(first));
    t.deepEqual([first?.code, first?.outcome], ["ERR_CHANNEL_CLOSED", "unknown"]);
    t.deepEqual([second?.code, second?.outcome], ["ERR_CHANNEL_CLOSED", "not-sent"]);
  },
);

forEach(everywhere, "a call that is aborted rejects with the reason of its signal", async (t, subject) => {
  const asked = gate();
  await using stage = await subject.open({
    server: {
      processData(data, channel) {
        if (data.toString() !== "silence") return channel.start(data);
        asked.open();
        return never;
      },
    },
  });
  const client = stage.client(clientOptions(subject, { keepAlive: true }));
  const reason = new Error("changed my mind");
  await t.throwsAsync(client.clientCommunicate("x", { signal: AbortSignal.abort(reason) }), { is: reason });
  t.true(client.closed, "an aborted signal does not even open the channel");
  const controller = new AbortController();
  const pending = client.clientCommunicate("silence", { signal: controller.signal });
  const queuedAbort = new AbortController();
  const queued = client.clientCommunicate("queued", { signal: queuedAbort.signal });
  const queuedReason = new Error("not this one either");
  queuedAbort.abort(queuedReason);
  await t.throwsAsync(queued, { is: queuedReason }, "a call that waits for its turn is aborted at once");
  await asked.passed;
  controller.abort(reason);
  await t.throwsAsync(pending, { is: reason });
  t.true(client.closed, "a late reply cannot answer another call");
});

forEach(everywhere, "a signal that outlives its call keeps no listener", async (t, subject) => {
  await using stage = await subject.open();
  const { signal } = new AbortController();
  const client = stage.client(clientOptions(subject));
  await client.connect({ signal });
  await client.clientCommunicate("a", { signal });
  t.deepEqual(getEventListeners(signal, "abort"), []);
});

forEach(
  onSockets,
  "timeoutMs of a call goes before that of the client, and counts the time in the queue",
  async (t, subject) => {
    await using stage = await subject.open({ server: { processData: () => never } });
    const client = stage.client({ timeoutMs: 150 });
    const calls = [client.clientCommunicate("a"), client.clientCommunicate("b", { timeoutMs: 20 })];
    const order: string[] = [];
    const failures = calls.map((call, index) =>
      call.catch((thrown: unknown) => {
        const error = thrown as ChannelError;
        order.push(`${"ab"[index]} ${error.code} ${error.outcome}`);
      }),
    );
    await Promise.all(failures);
    t.deepEqual(order, ["b ERR_REPLY_TIMEOUT not-sent", "a ERR_REPLY_TIMEOUT unknown"]);
  },
);

forEach(seriesOnSockets, "what the server says between two calls is no reply to the next", async (t, subject) => {
  await using stage = await subject.open();
  const client = stage.client({ keepAlive: true });
  await client.clientCommunicate("one");
  const strays: string[] = [];
  client.on("message", (data) => strays.push(data.toString()));
  const [channel] = stage.server.channels;
  channel?.start("stray");
  await once(client, "message");
  t.deepEqual(strays, ["stray"]);
  t.is(String(await client.clientCommunicate("two")), "two");
});

forEach(series, "what is started before the channel is open goes out with the next request", async (t, subject) => {
  await using stage = await subject.open();
  const seen: string[] = [];
  const client = stage.client({
    processData: (data) => void seen.push(data.toString()),
    queryDone: () => seen.length === 2,
  });
  client.start("early");
  await client.clientCommunicate("request");
  t.deepEqual(seen.toSorted(), ["early", "request"]);
});

forEach(onTcp, "the device behind the channel tells its ends while it is open", async (t, subject) => {
  await using stage = await subject.open();
  const client = stage.client({ keepAlive: true });
  t.throws(() => client.link, { code: "ERR_CHANNEL_CLOSED" });
  await client.connect();
  const link = client.link as { remotePort?: number; localPort?: number; remoteAddress?: string };
  t.is(link.remotePort, stage.address["port"] as number);
  t.is(link.remoteAddress, "127.0.0.1");
  t.true((link.localPort ?? 0) > 0);
});

forEach(everywhere, "`await using` closes the channel", async (t, subject) => {
  await using stage = await subject.open();
  let closed = 0;
  {
    await using client = stage.client(clientOptions(subject, { keepAlive: true, onClose: () => void closed++ }));
    await client.connect();
    t.is(closed, 0);
  }
  t.is(closed, 1);
});

forEach(everywhere, "drain() and flush() work on an open channel only", async (t, subject) => {
  await using stage = await subject.open();
  const client = stage.client(clientOptions(subject, { keepAlive: true }));
  await t.throwsAsync(client.drain(), { code: "ERR_CHANNEL_CLOSED" });
  await t.throwsAsync(client.flush(), { code: "ERR_CHANNEL_CLOSED" });
  await client.connect();
  await client.flush();
  await client.drain();
  t.is(String(await client.clientCommunicate("hello")), "hello");
});

forEach(seriesOnSockets, "one write that holds several messages is several replies", async (t, { family }) => {
  const wire = wireOf(family, "one", "", "three");
  await using server = await rawServer((socket) => socket.once("data", () => socket.write(wire)));
  const seen: string[] = [];
  const client = new family.Client({
    ...server.address,
    processData: (data) => void seen.push(data.toString()),
    queryDone: () => seen.length === 3,
  });
  t.is(String(await client.clientCommunicate("all")), "three");
  t.deepEqual(seen, ["one", "", "three"]);
});

test("data that cannot be sent is refused without opening anything", async (t) => {
  await using server = await rawServer(() => t.fail("a connection was made"));
  const address: Extra = server.address;
  for (const { family } of onTcp) {
    const client = new family.Client(address);
    await t.throwsAsync(client.clientCommunicate(42 as never), {
      code: "ERR_OPTIONS",
      message: /data must be a string/,
    });
    await t.throwsAsync(client.clientCommunicate("x", { timeoutMs: -1 }), {
      code: "ERR_OPTIONS",
      message: /timeoutMs/,
    });
  }
});
