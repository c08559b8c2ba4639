import { inspect } from "node:util";
import test from "ava";
import fc from "fast-check";
import type { Framing, FramingClass } from "../../src/core/framing.ts";
import { ChannelError, FramingError } from "../../src/errors.ts";
import { foundFramings, leastOptions } from "../support/found-framings.ts";
import { framingChecks, type FramingSubject } from "../../src/testing/framing-checks.ts";
import { cutAt, cutDifference, joined, readingDifference, readPieces } from "../../src/testing/readings.ts";

const allBytes = Uint8Array.from({ length: 256 }, (_, index) => index);
const payloads: readonly Uint8Array[] = [
  Buffer.from("a"),
  Buffer.from(""),
  Buffer.from("the quick brown fox"),
  Buffer.from("hello"),
  allBytes,
  allBytes.toReversed(),
  Buffer.from("žluťoučký kůň, €, 𝄞, 日本語"),
  Buffer.alloc(300, "0123456789"),
  Buffer.alloc(6000, "abc"),
  Buffer.alloc(65_500, allBytes),
];
/** Bytes that mean something to one framing or another, so that random input comes close to being right. */
const tokens = fc.oneof(
  fc.constantFrom("\r\n", "\r", "\n", "0", "1", "5", "-", "12", "3\r\n", "abc", "\0", "ž", "\u{FF}"),
  fc.constantFrom("\u{1}", "\u{2}", "\u{3}", "\u{4}", "3:", ",", ":"),
  fc.constantFrom("Content-Length: 3\r\n", "Content-", " ", "\r\n\r\n"),
);
/** The bytes that mean something to SLIP, and what is noise to all. */
const slip = fc.constantFrom(0xc0, 0xdb, 0xdc, 0xdd, 0x61, 0xff);
const noise = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.array(tokens, { maxLength: 20 }).map((parts) => Buffer.from(parts.join(""), "utf8")),
  fc.array(slip, { maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
);
const places = fc.array(fc.nat(400), { maxLength: 8 });

const framings = await foundFramings();

test("the framings are found", (t) => {
  t.true(framings.size >= 14, [...framings.keys()].join(", "));
  const suffixes = new Set([...framings.values()].map((Class) => Class.suffix));
  t.is(suffixes.size, framings.size, "each framing has a suffix of its own");
});

for (const [name, Class] of framings) {
  const subject = subjectOf(Class);
  for (const [title, check] of Object.entries(framingChecks)) {
    test(`${name}: ${title}`, (t) => {
      t.is(check(subject), undefined);
    });
  }

  test(`${name}: what can be sent arrives as it is, and all else is refused with nothing sent`, (t) => {
    t.true(subject.samples.length > 0, "it carries something");
    fc.assert(
      fc.property(noise, (payload) => {
        const refusal = refusalOf(subject.create(), payload);
        if (refusal !== undefined) {
          t.is(refusal.outcome, "not-sent");
          t.true(["ERR_TERMINATOR_IN_PAYLOAD", "ERR_FRAME_INVALID", "ERR_FRAME_TOO_LARGE"].includes(refusal.code));
          return;
        }
        const { messages, fault, recovered } = readPieces(subject.create(), [joined(subject.create().encode(payload))]);
        t.deepEqual(messages, [Buffer.from(payload)]);
        t.is(fault, undefined);
        t.is(recovered, undefined);
      }),
      { numRuns: 300 },
    );
  });

  if (hasLimit(Class)) {
    test(`${name}: a message of the largest size is taken, one byte more is an error, reported once, whatever the cuts`, (t) => {
      const create = (): Framing => new Class({ ...leastOptions(Class), maxMessageSize: 300 }, "client");
      const isSeries = Class.boundary === "message" && create().timing?.silenceMs === undefined;
      for (const size of [300, 301, 302, 900]) {
        const encoded = joined(create().encode(Buffer.alloc(size, "x")));
        const input = isSeries ? Buffer.concat([joined(create().encode(Buffer.from("first"))), encoded]) : encoded;
        const { messages, fault, recovered = [] } = readPieces(create(), [input]);
        const errors = [...recovered, ...(fault === undefined ? [] : [fault])];
        t.deepEqual(
          errors.map(({ code }) => code),
          size > 300 ? ["ERR_FRAME_TOO_LARGE"] : [],
          `${size} bytes`,
        );
        for (const { text } of errors) t.regex(text, /limit of 300 bytes; raise maxMessageSize/);
        t.is(messages.length, (isSeries ? 1 : 0) + (size > 300 ? 0 : 1), "messages before the error are delivered");
        t.is(cutDifference(create, input), undefined);
      }
    });

    for (const maxMessageSize of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "64" as unknown as number]) {
      const shown = inspect(maxMessageSize);
      test(`${name}: maxMessageSize ${shown} is refused`, (t) => {
        t.throws(() => new Class({ ...leastOptions(Class), maxMessageSize }, "client"), {
          code: "ERR_OPTIONS",
          message: new RegExp(`^option "maxMessageSize" is ${shown.replace(".", "\\.")}: give a whole number`),
        });
      });
    }
  }

  test(`${name}: any cut of any input gives the same messages and the same error`, (t) => {
    fc.assert(
      fc.property(streams(subject), places, fc.constantFrom(1, 5, 40, 1000), (input, cuts, maxMessageSize) => {
        const create = (): Framing => new Class({ ...leastOptions(Class), maxMessageSize }, "client");
        const inside = cuts.filter((cut) => cut < input.length);
        for (const encoding of [undefined, "utf8"] as const) {
          const whole = readPieces(create(), [input], encoding);
          const difference = readingDifference(readPieces(create(), cutAt(input, inside), encoding), whole);
          if (difference !== undefined) throw new Error(difference);
        }
      }),
      { numRuns: 400 },
    );
    t.pass();
  });
}

/** Whether the size of messages is for the options to limit. */
function hasLimit(Class: FramingClass<{ maxMessageSize?: number }>): boolean {
  try {
    new Class({ ...leastOptions(Class), maxMessageSize: 0 }, "client").encode(Buffer.alloc(0));
    return false;
  } catch (error) {
    return ChannelError.is(error) && error.code === "ERR_OPTIONS";
  }
}

/** A framing with its default options, and those of the payloads that it can carry. */
function subjectOf(Class: FramingClass<{ maxMessageSize?: number }>): FramingSubject {
  const create = (): Framing => new Class(leastOptions(Class), "client");
  return { create, boundary: Class.boundary, samples: payloads.filter((payload) => canCarry(create(), payload)) };
}

function canCarry(framing: Framing, payload: Uint8Array): boolean {
  return refusalOf(framing, payload) === undefined;
}

function refusalOf(framing: Framing, payload: Uint8Array): FramingError | undefined {
  try {
    framing.encode(payload);
    return undefined;
  } catch (error) {
    if (FramingError.is(error)) return error;
    throw error;
  }
}

/** Input of every kind: right, nearly right, and noise. */
function streams(subject: FramingSubject): fc.Arbitrary<Uint8Array> {
  const valid = fc.array(noise, { maxLength: 6 }).map((messages) => {
    const framing = subject.create();
    return Buffer.concat(
      messages.filter((message) => canCarry(framing, message)).map((message) => joined(framing.encode(message))),
    );
  });
  const flips = fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 3 });
  const flipped = fc.tuple(valid, flips).map(([stream, changes]) => {
    for (const [at, mask] of changes) if (at < stream.length) stream[at] = (stream[at] as number) ^ mask;
    return stream;
  });
  return fc.oneof(valid, flipped, noise);
}
