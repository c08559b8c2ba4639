import { inspect } from "node:util";
import test from "ava";
import { FixedLengthFraming } from "../../src/framings/fixed-length.ts";
import { cutDifference, readPieces } from "../../src/testing/readings.ts";

const create = (messageLength = 4): FixedLengthFraming => new FixedLengthFraming({ messageLength });

test("on the wire: the bytes, in the memory that they are in", (t) => {
  const payload = Buffer.from("four");
  t.is(create().encode(payload), payload);
});

test("every so many bytes are a message, whatever the cuts; an end inside one is ERR_FRAME_TRUNCATED", (t) => {
  const input = Buffer.from("abcdefghij");
  const { messages, fault } = readPieces(create(), [input], "latin1");
  t.deepEqual(messages, ["abcd", "efgh"]);
  t.like(fault, { code: "ERR_FRAME_TRUNCATED", received: 2, expected: 4 });
  t.is(
    cutDifference(() => create(), input),
    undefined,
  );
});

for (const length of [0, 1, 3, 5, 8]) {
  test(`a payload of another length is ERR_FRAME_INVALID, and nothing is sent: ${length} instead of 4`, (t) => {
    const error = t.throws(() => create().encode(Buffer.alloc(length)), {
      code: "ERR_FRAME_INVALID",
      message: new RegExp(`has ${length} bytes instead of the 4`),
    });
    t.is((error as unknown as { outcome: string }).outcome, "not-sent");
  });
}

for (const messageLength of [undefined, 0, -1, 1.5, Number.NaN, "4", null] as number[]) {
  test(`messageLength ${inspect(messageLength)} is refused`, (t) => {
    t.throws(() => new FixedLengthFraming({ messageLength }), {
      code: "ERR_OPTIONS",
      message: /^option "messageLength" is /,
    });
  });
}

test("openQuietMs is for the channel to watch; it is 0 by default, and checked", (t) => {
  t.is(create().timing.openQuietMs, 0);
  t.is(new FixedLengthFraming({ messageLength: 1, openQuietMs: 20 }).timing.openQuietMs, 20);
  t.throws(() => new FixedLengthFraming({ messageLength: 1, openQuietMs: -1 }), {
    message: /^option "openQuietMs" is -1/,
  });
});
