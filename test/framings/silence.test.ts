import { inspect } from "node:util";
import test from "ava";
import { ByteQueue } from "../../src/core/bytes/byte-queue.ts";
import { SilenceFraming } from "../../src/framings/silence.ts";
import { readPieces } from "../../src/testing/readings.ts";

/** A codec with bytes to decode. */
function received(framing: SilenceFraming, text: string, queue = new ByteQueue()): ByteQueue {
  queue.push(Buffer.from(text));
  if (framing.decode(queue) !== undefined) throw new Error("no byte completes a message");
  return queue;
}

test("on the wire: the bytes, in the memory that they are in", (t) => {
  const payload = Buffer.from("\u{1}\u{3}");
  t.is(new SilenceFraming({}).encode(payload), payload);
});

test("silence completes a message, bytes do not", (t) => {
  const framing = new SilenceFraming({});
  const queue = received(framing, "one ");
  received(framing, "message", queue);
  t.is(String(framing.decodeSilence(queue)), "one message");
  t.is(framing.decodeSilence(queue), undefined, "silence alone is no message");
});

test("the end of the channel completes a message; without a byte there is none", (t) => {
  t.deepEqual(readPieces(new SilenceFraming({}), [Buffer.from("a"), Buffer.from("b")], "latin1").messages, ["ab"]);
  t.like(readPieces(new SilenceFraming({}), []), { messages: [], fault: undefined });
});

test("silenceMs is 30 by default, for receiving and before sending", (t) => {
  t.deepEqual(new SilenceFraming({}).timing, { silenceMs: 30, quietBeforeSendMs: 30 });
  t.deepEqual(new SilenceFraming({ silenceMs: 1.75 }).timing, { silenceMs: 1.75, quietBeforeSendMs: 1.75 });
});

for (const silenceMs of [0, -1, Number.NaN, "30", null, Number.POSITIVE_INFINITY] as number[]) {
  test(`silenceMs ${inspect(silenceMs)} is refused`, (t) => {
    t.throws(() => new SilenceFraming({ silenceMs }), { code: "ERR_OPTIONS", message: /^option "silenceMs" is / });
  });
}

test("an empty payload is refused, and nothing is sent", (t) => {
  const error = t.throws(() => new SilenceFraming({}).encode(Buffer.alloc(0)), { code: "ERR_FRAME_INVALID" });
  t.is((error as unknown as { outcome: string }).outcome, "not-sent");
});

test("above the limit is ERR_FRAME_TOO_LARGE, also if the line is silent before that is found out", (t) => {
  const framing = new SilenceFraming({ maxMessageSize: 4 });
  const queue = received(framing, "1234");
  t.throws(() => received(framing, "5", queue), { code: "ERR_FRAME_TOO_LARGE" });
  t.is(framing.decodeSilence(queue), undefined);
  t.throws(() => framing.decode(queue), { code: "ERR_FRAME_TOO_LARGE" });
});
