/** Serial ports that are lost, stalled, locked, or not there, as the channels over them see them. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChannelError } from "../../src/errors.ts";
import { rawLine } from "../support/channel-raw-line.ts";
import { echo } from "../support/channel-stage.ts";
import { event, forEach, gate, keepLines, series, subjects, wireOf } from "../support/channel-subjects.ts";

await keepLines();

const onLines = subjects.filter(({ family }) => family.device === "Serial");
const seriesOnLines = series.filter(({ family }) => family.device === "Serial");

forEach(onLines, "unplugged while a call waits: ERR_PORT_DISCONNECTED, with its outcome", async (t, subject) => {
  const asked = gate();
  await using stage = await subject.open({
    server: {
      processData() {
        asked.open();
        return new Promise<void>(() => undefined);
      },
      onError: () => undefined,
    },
  });
  const client = stage.client({ messageEnd: "read" });
  const call = client.clientCommunicate("hello");
  await asked.passed;
  await stage.spot.line?.hangUp("a");
  const error = await t.throwsAsync(call, { code: "ERR_PORT_DISCONNECTED" });
  t.is((error as ChannelError).outcome, "unknown");
  t.true(((error as ChannelError).bytesWritten ?? 0) > 0);
  t.true(client.closed);
  const again = await t.throwsAsync(client.clientCommunicate("again"), { code: "ERR_PORT_NOT_FOUND" });
  t.is((again as ChannelError).outcome, "not-sent");
});

forEach(seriesOnLines, "unplugged between two messages: a server has just come to its end", async (t, subject) => {
  await using stage = await subject.open({ server: { processData: echo, onError: (error) => t.fail(error.message) } });
  t.is(String(await stage.client().clientCommunicate("hello")), "hello");
  const closed = event(stage.server, "close");
  await stage.spot.line?.hangUp("b");
  await closed;
  t.true(stage.server.closed);
});

forEach(seriesOnLines, "unplugged in mid-message: told once, behind the messages before it", async (t, subject) => {
  const faults: string[] = [];
  const seen: string[] = [];
  const isThere = gate();
  await using stage = await subject.open({
    server: {
      processData(data) {
        seen.push(data.toString());
        isThere.open();
      },
      onError: (error) => void faults.push(error.code),
    },
  });
  await using raw = rawLine(stage.spot.line?.a as string);
  const closed = event(stage.server, "close");
  raw.socket.write(wireOf(subject.family, "first") + wireOf(subject.family, "second").slice(0, 4));
  await isThere.passed;
  await stage.spot.line?.hangUp("b");
  await closed;
  t.deepEqual(seen, ["first"]);
  t.is(faults.length, 1);
  t.true(["ERR_PORT_DISCONNECTED", "ERR_FRAME_TRUNCATED"].includes(faults[0] as string), faults[0]);
});

forEach(onLines, "unplugged in mid-write: ERR_PORT_DISCONNECTED, with how much was written", async (t, subject) => {
  const spot = await subject.place.open();
  const failed = gate<ChannelError>();
  const channel = new subject.family.Persistent({ path: spot.line?.a, onError: (error) => failed.open(error) });
  await channel.connect();
  await spot.line?.stall();
  channel.start(Buffer.alloc(200_000, "x"));
  await spot.line?.hangUp("a");
  const error = await failed.passed;
  t.is(error.code, "ERR_PORT_DISCONNECTED");
  t.true((error.bytesWritten ?? -1) >= 0 && (error.bytesWritten ?? 0) < 200_000, `${error.bytesWritten}`);
  if (!channel.closed) await event(channel, "close");
  t.true(channel.closed);
  await spot.close();
});

forEach(
  onLines,
  "a line that stalls: ERR_WRITE_TIMEOUT, with how much was written; then the port can be opened again",
  async (t, subject) => {
    const spot = await subject.place.open();
    const failed = gate<ChannelError>();
    const options = { path: spot.line?.a, writeTimeoutMs: 60, onError: (error: ChannelError) => failed.open(error) };
    const channel = new subject.family.Persistent(options);
    await channel.connect();
    await spot.line?.stall();
    channel.start(Buffer.alloc(200_000, "x"));
    const error = await failed.passed;
    t.is(error.code, "ERR_WRITE_TIMEOUT");
    t.true((error.bytesWritten ?? 0) > 0 && (error.bytesWritten ?? 0) < 200_000, `${error.bytesWritten}`);
    if (!channel.closed) await event(channel, "close");
    await spot.line?.resume();
    await channel.connect();
    await channel.close();
    await spot.close();
  },
);

forEach(onLines, "a port that cannot be opened: told with nothing sent, to whoever opens it", async (t, { family }) => {
  const cases: readonly [string, string][] = [
    [join(tmpdir(), "plib-io-no-such-port"), "ERR_PORT_NOT_FOUND"],
    [process.execPath, "ERR_PORT_NOT_TTY"],
    [tmpdir(), "ERR_PORT_NOT_TTY"],
  ];
  for (const [path, code] of cases) {
    const client = new family.Client({ path });
    const error = await t.throwsAsync(client.clientCommunicate("x"), { code });
    t.is((error as ChannelError).outcome, "not-sent");
    t.true(error?.message.includes(path));
    t.true(client.closed);
    await t.throwsAsync(new family.Persistent({ path }).connect(), { code });
    const server = new family.Server({ path });
    await t.throwsAsync(server.listen(), { code });
    t.true(server.closed);
  }
});

forEach(onLines, "a port is locked while it is open: ERR_PORT_IN_USE; then it is free again", async (t, subject) => {
  await using stage = await subject.open();
  const { path } = stage.server.address();
  const rival = new subject.family.Persistent({ path });
  await t.throwsAsync(rival.connect(), { code: "ERR_PORT_IN_USE" });
  await t.throwsAsync(new subject.family.Server({ path }).listen(), { code: "ERR_PORT_IN_USE" });
  await stage.server.close();
  await rival.connect();
  await rival.close();
});

forEach(
  seriesOnLines,
  "a late reply that came while the port was closed does not answer the next call",
  async (t, subject) => {
    const spot = await subject.place.open();
    const raw = rawLine(spot.line?.b as string);
    const client = new subject.family.Client({ path: spot.line?.a });
    await t.throwsAsync(client.clientCommunicate("slow", { timeoutMs: 20 }), { code: "ERR_REPLY_TIMEOUT" });
    t.true(client.closed);
    raw.socket.write(wireOf(subject.family, "late"));
    // Somebody else sees that it has come, and leaves it where it is no more.
    const witness = rawLine(spot.line?.a as string);
    await witness.until(wireOf(subject.family, "late"));
    witness.socket.destroy();
    await witness.closed;
    const next = client.clientCommunicate("next");
    await raw.until(wireOf(subject.family, "next"));
    raw.socket.write(wireOf(subject.family, "reply"));
    t.is(String(await next), "reply");
    raw.socket.destroy();
    await raw.closed;
    await spot.close();
  },
);
