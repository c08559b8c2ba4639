/** Faults of open sockets: what breaks, stalls, drips, or stays silent. */
import { setImmediate as turn } from "node:timers/promises";
import { ChannelError } from "../../src/errors.ts";
import { echo } from "../support/channel-stage.ts";
import { event, forEach, gate, onSockets, onTcp, seriesOnSockets, wireOf } from "../support/channel-subjects.ts";
import { rawConnect, rawServer } from "../support/tcp-peers.ts";

const onTcpSeries = onTcp.filter(({ family }) => family.boundary === "message");
/** Where bytes can be wrong. */
const counted = onSockets.filter(({ family }) => family.framing === "WithReadWrite");
/** Where a message can be incomplete, or too long. */
const withEnds = onSockets.filter(({ family }) => family.boundary !== "channel");

forEach(
  onTcpSeries,
  "a reset in mid-message: what was complete is delivered, then the error, with its outcome",
  async (t, { family }) => {
    const half = wireOf(family, "first") + wireOf(family, "second").slice(0, -3);
    await using server = await rawServer((socket) => {
      socket.once("data", () => socket.write(half));
    });
    const seen: string[] = [];
    const first = gate();
    const client = new family.Client({
      ...server.address,
      processData(data) {
        seen.push(data.toString());
        first.open();
      },
      queryDone: () => seen.length === 2,
    });
    const call = client.clientCommunicate("both");
    await first.passed;
    server.sockets[0]?.resetAndDestroy();
    const error = await t.throwsAsync(call, { code: "ERR_CONNECTION_RESET" });
    t.is((error as ChannelError).outcome, "unknown");
    t.deepEqual(seen, ["first"]);
    t.true(client.closed);
  },
);

forEach(
  onTcpSeries,
  "a reset reaches the loop over a persistent channel, behind the messages before it",
  async (t, { family }) => {
    await using server = await rawServer((socket) => socket.write(wireOf(family, "one", "two")));
    const channel = new family.Persistent(server.address);
    await channel.connect();
    const seen: string[] = [];
    const error = await t.throwsAsync(
      async () => {
        for await (const message of channel) {
          if (seen.push(message.toString()) < 2) continue;
          server.sockets[0]?.resetAndDestroy();
          await event(channel, "close");
        }
      },
      { code: "ERR_CONNECTION_RESET" },
    );
    t.true(ChannelError.is(error));
    t.deepEqual(seen, ["one", "two"]);
    t.true(channel.closed);
    for await (const message of channel) t.fail(`told twice: ${message.toString()}`);
  },
);

forEach(
  seriesOnSockets,
  "an end in mid-message: ERR_FRAME_TRUNCATED, behind the messages before it",
  async (t, { family }) => {
    const whole = wireOf(family, "whole");
    const part = wireOf(family, "part").slice(0, -2);
    await using server = await rawServer((socket) => {
      socket.once("data", () => socket.end(whole + part));
    });
    const seen: string[] = [];
    const client = new family.Client({
      ...server.address,
      processData: (data) => void seen.push(data.toString()),
      queryDone: () => false,
    });
    const error = await t.throwsAsync(client.clientCommunicate("all"), { code: "ERR_FRAME_TRUNCATED" });
    const content = part.slice(part.indexOf("\n") + 1);
    t.is((error as ChannelError).received, content.length);
    t.is((error as ChannelError).outcome, "unknown");
    t.deepEqual(seen, ["whole"]);
  },
);

forEach(
  seriesOnSockets,
  "an end between two messages before the reply: ERR_CONNECTION_CLOSED",
  async (t, { family }) => {
    await using server = await rawServer((socket) => socket.once("data", () => socket.end()));
    const client = new family.Client(server.address);
    const error = await t.throwsAsync(client.clientCommunicate("hello"), { code: "ERR_CONNECTION_CLOSED" });
    t.is((error as ChannelError).outcome, "unknown");
  },
);

forEach(onSockets, "a failed call is never sent again by itself, and the next call works", async (t, { family }) => {
  const requests: string[] = [];
  await using server = await rawServer((socket) => {
    socket.once("data", (data: Buffer) => {
      requests.push(data.toString());
      if (requests.length === 1) socket.destroy();
      else socket.end(family.boundary === "message" ? wireOf(family, "reply") : "reply");
    });
  });
  const client = new family.Client({ ...server.address, keepAlive: true, processData: () => undefined });
  const failed = client.clientCommunicate("one");
  // Where the end of the channel is the end of the reply, an empty reply is what it looks like.
  if (family.boundary === "message") await t.throwsAsync(failed, { instanceOf: Error });
  else t.is(String(await failed), "");
  t.is(requests.length, 1);
  t.is(String(await client.clientCommunicate("two")), "reply");
  t.is(requests.length, 2);
  await client.close();
});

forEach(
  counted,
  "bad bytes close a connection, with the error to the call and no other connection touched",
  async (t, subject) => {
    const faults: string[] = [];
    await using stage = await subject.open({
      server: { processData: echo, onError: (error) => void faults.push(error.code) },
    });
    const bystander = stage.client({ keepAlive: true });
    await bystander.connect();
    await using raw = await rawConnect(stage.address);
    raw.socket.write("2\r\nok007\r\nnever");
    t.is(await raw.ended, "2\r\nok", "what came before is answered");
    t.deepEqual(faults, ["ERR_FRAME_BAD_LENGTH"]);
    t.is(String(await bystander.clientCommunicate("hello")), "hello");
    await using server = await rawServer((socket) => socket.write("-1\r\n"));
    const client = new subject.family.Client(server.address);
    await t.throwsAsync(client.clientCommunicate("x"), { code: "ERR_FRAME_BAD_LENGTH" });
    t.true(client.closed);
  },
);

forEach(seriesOnSockets, "the other end half-closes: the answer is still sent", async (t, subject) => {
  const goOn = gate();
  await using stage = await subject.open({
    server: {
      async processData(data, channel) {
        await goOn.passed;
        channel.start(data);
      },
    },
  });
  await using raw = await rawConnect(stage.address);
  raw.socket.end(wireOf(subject.family, "one", "two"));
  // The end has come in when the answers leave.
  for (let turns = 0; turns < 20; turns++) await turn();
  goOn.open();
  t.is(await raw.ended, wireOf(subject.family, "one", "two"));
});

forEach(withEnds, "a message over the limit: ERR_FRAME_TOO_LARGE, told before it is all there", async (t, subject) => {
  const failed = gate<ChannelError>();
  await using stage = await subject.open({
    server: { maxMessageSize: 1000, processData: echo, onError: (error) => failed.open(error) },
  });
  await using raw = await rawConnect(stage.address);
  raw.socket.write(subject.family.framing === "WithReadWrite" ? "1001\r\n" : "x".repeat(5000));
  t.is((await failed.passed).code, "ERR_FRAME_TOO_LARGE");
  t.is(await raw.ended, "");
});
