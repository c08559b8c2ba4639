import { inspect } from "node:util";
import test from "ava";
import fc from "fast-check";
import { ByteQueue } from "../../src/core/bytes/byte-queue.ts";
import { LengthFieldFraming, type LengthFieldFramingOptions } from "../../src/framings/length-field.ts";
import { cutDifference, joined, type Reading, readPieces } from "../../src/testing/readings.ts";

function create(options: LengthFieldFramingOptions = {}): () => LengthFieldFraming {
  return () => new LengthFieldFraming(options);
}

/** What comes of these bytes in hexadecimal, after making sure that it does not depend on how they are cut. */
function read(hex: string, options: LengthFieldFramingOptions = {}): Reading {
  const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
  const difference = cutDifference(create(options), bytes);
  if (difference !== undefined) throw new Error(difference);
  return readPieces(create(options)(), [bytes], "hex");
}

function sent(payload: string, options: LengthFieldFramingOptions = {}): string {
  return joined(create(options)().encode(Buffer.from(payload.replaceAll(" ", ""), "hex"))).toString("hex");
}

test("on the wire: 4 bytes, the most significant first, then the payload", (t) => {
  t.is(sent("616263"), "00000003616263");
  t.is(sent(""), "00000000");
  t.deepEqual(read("00000003616263 00000000 00000001ff").messages, ["616263", "", "ff"]);
});

for (const [options, field] of [
  [{ lengthBytes: 1 }, "03"],
  [{ lengthBytes: 2 }, "0003"],
  [{ lengthBytes: 2, byteOrder: "little" }, "0300"],
  [{ lengthBytes: 3 }, "000003"],
  [{ lengthBytes: 3, byteOrder: "little" }, "030000"],
  [{ lengthBytes: 4, byteOrder: "little" }, "03000000"],
  [{ lengthBytes: 8 }, "0000000000000003"],
  [{ lengthBytes: 8, byteOrder: "little" }, "0300000000000000"],
] satisfies [LengthFieldFramingOptions, string][]) {
  test(`the field of ${inspect(options)} is ${field}`, (t) => {
    t.is(sent("616263", options), `${field}616263`);
    t.deepEqual(read(`${field}616263${field}646566`, options).messages, ["616263", "646566"]);
  });
}

test("bytes before the field belong to the message, and are split off again on sending", (t) => {
  const options = { lengthBytes: 2, lengthOffset: 4 } as const;
  t.deepEqual(read("0001 0000 0003 11 04 05", options).messages, ["00010000110405"]);
  t.is(sent("0001 0000 110405", options), "000100000003110405");
  t.is(sent("00010000", options), "000100000000", "nothing behind the field");
});

test("bytes after the field = field + lengthAdjustment", (t) => {
  const counted = { lengthBytes: 2, lengthAdjustment: -2 } as const;
  t.is(sent("6162", counted), "00046162", "a field that counts itself");
  t.deepEqual(read("00046162 0002", counted).messages, ["6162", ""]);
  const trailed = { lengthBytes: 1, lengthAdjustment: 2 } as const;
  t.is(sent("61 beef", trailed), "0161beef", "two bytes behind that the field does not count");
  t.deepEqual(read("01 61beef 00 dead", trailed).messages, ["61beef", "dead"]);
});

test("a length that leaves less than nothing is ERR_FRAME_BAD_LENGTH", (t) => {
  const options = { lengthBytes: 2, lengthAdjustment: -2 } as const;
  for (const field of ["0000", "0001"]) {
    t.like(read(`0003aa ${field}`, options), { messages: ["aa"], fault: { code: "ERR_FRAME_BAD_LENGTH" } });
  }
  t.is(read("0000000000000001", { lengthBytes: 8, lengthAdjustment: -8 }).fault?.code, "ERR_FRAME_BAD_LENGTH");
});

test("a length above the limit is ERR_FRAME_TOO_LARGE as soon as the field is there; the limit counts both parts", (t) => {
  t.is(read("00800001").fault?.code, "ERR_FRAME_TOO_LARGE");
  t.is(read("00800000").fault?.code, "ERR_FRAME_TRUNCATED", "the default limit is 8 MiB");
  const options = { lengthBytes: 1, lengthOffset: 2, maxMessageSize: 5 } as const;
  t.deepEqual(read("aabb 03 010203", options).messages, ["aabb010203"]);
  t.is(read("aabb 04", options).fault?.code, "ERR_FRAME_TOO_LARGE");
});

test("fields of 8 bytes are compared before they become a number", (t) => {
  for (const field of ["ffffffffffffffff", "8000000000000000", "0020000000000001", "0000000100000000"]) {
    for (const lengthAdjustment of [0, -8, -(2 ** 48), 2 ** 48]) {
      const due = field === "0000000100000000" && lengthAdjustment === -(2 ** 48);
      const { fault } = read(field, { lengthBytes: 8, lengthAdjustment });
      t.is(fault?.code, due ? "ERR_FRAME_BAD_LENGTH" : "ERR_FRAME_TOO_LARGE", `${field} ${lengthAdjustment}`);
    }
  }
  const large = { lengthBytes: 8, maxMessageSize: Number.MAX_SAFE_INTEGER } as const;
  t.like(read("001fffffffffffff", large).fault, { code: "ERR_FRAME_TRUNCATED", expected: Number.MAX_SAFE_INTEGER });
  t.is(read("0020000000000000", large).fault?.code, "ERR_FRAME_TOO_LARGE");
});

test("a payload that is shorter than lengthOffset is ERR_FRAME_INVALID, one too long for the field ERR_FRAME_TOO_LARGE", (t) => {
  const short = t.throws(() => sent("aa", { lengthOffset: 2 }), { code: "ERR_FRAME_INVALID" });
  const long = t.throws(() => sent("00".repeat(256), { lengthBytes: 1 }), { code: "ERR_FRAME_TOO_LARGE" });
  const negative = t.throws(() => sent("aa", { lengthAdjustment: 2 }), { code: "ERR_FRAME_INVALID" });
  for (const error of [short, long, negative]) t.is((error as unknown as { outcome: string }).outcome, "not-sent");
  t.notThrows(() => sent("00".repeat(255), { lengthBytes: 1 }));
  t.throws(() => sent("00".repeat(254), { lengthBytes: 1, lengthAdjustment: -2 }), { code: "ERR_FRAME_TOO_LARGE" });
});

test("an end in mid-message reports what was received and what was due, field not counted", (t) => {
  t.like(read("00000003 61").fault, { code: "ERR_FRAME_TRUNCATED", received: 1, expected: 3 });
  t.like(read("0000 03").fault, { code: "ERR_FRAME_TRUNCATED", received: 3 });
  const options = { lengthBytes: 2, lengthOffset: 2 } as const;
  t.like(read("aabb 0003 61", options).fault, { code: "ERR_FRAME_TRUNCATED", received: 3, expected: 5 });
});

test("nothing is allocated for a declared length", (t) => {
  const before = process.memoryUsage().arrayBuffers;
  const framing = create({ maxMessageSize: 2 ** 32 })();
  const queue = new ByteQueue();
  queue.push(Buffer.from("ffffffff61", "hex"));
  t.is(framing.decode(queue), undefined);
  t.is(framing.expected, 2 ** 32 - 1);
  t.true(process.memoryUsage().arrayBuffers - before < 1024 * 1024);
});

test("whatever the options, what can be sent comes back as it was", (t) => {
  const options = fc.record({
    lengthBytes: fc.constantFrom(1, 2, 3, 4, 8) as fc.Arbitrary<1>,
    byteOrder: fc.constantFrom("big" as const, "little" as const),
    lengthOffset: fc.nat(5),
    lengthAdjustment: fc.integer({ min: -12, max: 12 }),
  });
  fc.assert(
    fc.property(options, fc.array(fc.uint8Array({ maxLength: 270 }), { maxLength: 4 }), (given, payloads) => {
      const carried: string[] = [];
      let stream = "";
      for (const payload of payloads) {
        try {
          stream += joined(create(given)().encode(payload)).toString("hex");
          carried.push(Buffer.from(payload).toString("hex"));
        } catch (error) {
          t.regex((error as { code: string }).code, /^ERR_FRAME_(INVALID|TOO_LARGE)$/);
        }
      }
      t.like(read(stream, given), { messages: carried, fault: undefined });
    }),
    { numRuns: 150 },
  );
});

const wrong: Readonly<Record<keyof LengthFieldFramingOptions, readonly unknown[]>> = {
  lengthBytes: [0, 5, 6, 7, 16, 1.5, "4", null],
  byteOrder: ["BE", "", null, 1],
  lengthOffset: [-1, 1.5, Number.NaN, "1", null],
  lengthAdjustment: [1.5, Number.NaN, Number.POSITIVE_INFINITY, "1", null],
  maxMessageSize: [0],
};
for (const [name, values] of Object.entries(wrong)) {
  for (const value of values) {
    test(`${name} ${inspect(value)} is refused`, (t) => {
      const message = new RegExp(`^option "${name}" is `);
      t.throws(() => create({ [name]: value })(), { code: "ERR_OPTIONS", message });
    });
  }
}
