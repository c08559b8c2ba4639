/** Faults of serial lines, as the channels over them see them. */
import type { ChannelError } from "../../src/errors.ts";
import { rawLine } from "../support/channel-raw-line.ts";
import { echo } from "../support/channel-stage.ts";
import { forEach, gate, keepLines, series, wireOf } from "../support/channel-subjects.ts";

await keepLines();

const seriesOnLines = series.filter(({ family }) => family.device === "Serial");
const counted = seriesOnLines.filter(({ family }) => family.framing === "WithReadWrite");
const terminated = seriesOnLines.filter(({ family }) => family.framing === "WithTerminator");

forEach(
  seriesOnLines,
  "bytes that drip in, and messages that come in one write, are the same messages",
  async (t, subject) => {
    await using stage = await subject.open();
    await using raw = rawLine(stage.spot.line?.a as string);
    const wire = wireOf(subject.family, "one", "", "three");
    raw.socket.write(wire);
    await raw.until(wire);
    await raw.drip(wire);
    t.is(await raw.until(wire + wire), wire + wire);
  },
);

forEach(counted, "noise is told, and after silence the next message is understood", async (t, subject) => {
  const faults: string[] = [];
  const heard = gate();
  await using stage = await subject.open({
    server: {
      interByteTimeoutMs: 60,
      processData: echo,
      onError: (error) => {
        faults.push(error.code);
        heard.open();
      },
    },
  });
  await using raw = rawLine(stage.spot.line?.a as string);
  raw.socket.write(`${wireOf(subject.family, "good")}noise 5\r\nhello`);
  await heard.passed;
  const [channel] = stage.server.channels;
  t.false(channel?.closed, "a line has no reconnect: the channel stays open");
  // What comes before the line was silent is noise as well; so ask again until the line was silent.
  const answered = raw.until("5\r\nagain").then(() => true);
  const asking = setInterval(() => raw.socket.write(wireOf(subject.family, "again")), 150);
  t.true(await answered);
  clearInterval(asking);
  t.deepEqual(faults, ["ERR_FRAME_BAD_LENGTH"]);
  t.true(raw.received.startsWith(wireOf(subject.family, "good", "again")));
});

forEach(counted, "noise is told, and flush() begins anew", async (t, subject) => {
  const faults: string[] = [];
  const flushed = gate();
  await using stage = await subject.open({ server: { processData: echo } });
  stage.server.on("error", (error, channel) => {
    faults.push(error.code);
    void channel?.flush().then(() => flushed.open());
  });
  await using raw = rawLine(stage.spot.line?.a as string);
  raw.socket.write("noise");
  await flushed.passed;
  raw.socket.write(wireOf(subject.family, "fine"));
  t.is(await raw.until("fine"), wireOf(subject.family, "fine"));
  t.is(faults[0], "ERR_FRAME_BAD_LENGTH");
});

forEach(
  terminated,
  "a line that never ends a message: told once each time the limit is reached, and memory is bounded",
  async (t, subject) => {
    const faults: string[] = [];
    const heard = gate();
    await using stage = await subject.open({
      server: {
        maxMessageSize: 100,
        processData: echo,
        onError: (error) => {
          faults.push(error.code);
          heard.open();
        },
      },
    });
    await using raw = rawLine(stage.spot.line?.a as string);
    raw.socket.write("x".repeat(150));
    await heard.passed;
    raw.socket.write("\r\nfine\r\n");
    t.true((await raw.until("fine\r\n")).endsWith("fine\r\n"));
    t.deepEqual(faults, ["ERR_FRAME_TOO_LARGE"]);
  },
);

forEach(
  seriesOnLines,
  "a message that stops half-way: ERR_FRAME_TIMEOUT after silence, and the next is understood",
  async (t, subject) => {
    const failed = gate<ChannelError>();
    await using stage = await subject.open({
      server: { interByteTimeoutMs: 60, processData: echo, onError: (error) => failed.open(error) },
    });
    await using raw = rawLine(stage.spot.line?.a as string);
    raw.socket.write(wireOf(subject.family, "half of it").slice(0, 6));
    const error = await failed.passed;
    t.is(error.code, "ERR_FRAME_TIMEOUT");
    const isCounted = subject.family.framing === "WithReadWrite";
    t.is(error.received, isCounted ? 2 : 6, "the header does not count");
    t.is(error.expected, isCounted ? 10 : undefined);
    raw.socket.write(wireOf(subject.family, "whole"));
    t.is(await raw.until(wireOf(subject.family, "whole")), wireOf(subject.family, "whole"));
  },
);

forEach(
  counted,
  "noise in front of a reply is survived: it is reported, and the call keeps waiting",
  async (t, subject) => {
    const spot = await subject.place.open();
    const noise = gate<ChannelError>();
    const client = new subject.family.Client({
      path: spot.line?.a,
      keepAlive: true,
      onError: (error) => noise.open(error),
    });
    await client.connect();
    const raw = rawLine(spot.line?.b as string);
    const call = client.clientCommunicate("hello");
    raw.socket.write("?");
    t.is((await noise.passed).code, "ERR_FRAME_BAD_LENGTH");
    raw.socket.write(wireOf(subject.family, "first"));
    t.is(String(await call), "first");
    t.false(client.closed);
    const next = client.clientCommunicate("next");
    raw.socket.write(wireOf(subject.family, "reply"));
    t.is(String(await next), "reply");
    await client.close();
    raw.socket.destroy();
    await raw.closed;
    await spot.close();
  },
);
