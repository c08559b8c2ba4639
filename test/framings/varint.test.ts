import test from "ava";
import fc from "fast-check";
import { VarintFraming, type VarintFramingOptions } from "../../src/framings/varint.ts";
import { cutDifference, joined, type Reading, readPieces } from "../../src/testing/readings.ts";

/** What comes of these bytes in hexadecimal, after making sure that it does not depend on how they are cut. */
function read(hex: string, options: VarintFramingOptions = {}): Reading {
  const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
  const create = (): VarintFraming => new VarintFraming(options);
  const difference = cutDifference(create, bytes);
  if (difference !== undefined) throw new Error(difference);
  return readPieces(create(), [bytes], "hex");
}

const header = (length: number): string =>
  joined(new VarintFraming({}).encode(Buffer.alloc(length)))
    .subarray(0, -length || undefined)
    .toString("hex");

test("on the wire: the length in groups of 7 bits, the least significant first, then the bytes", (t) => {
  const due: [number, string][] = [
    [0, "00"],
    [1, "01"],
    [127, "7f"],
    [128, "8001"],
    [300, "ac02"],
    [16_383, "ff7f"],
    [16_384, "808001"],
    [3_000_000, "c08db701"],
  ];
  for (const [length, bytes] of due) t.is(header(length), bytes, `${length}`);
});

test("messages are read", (t) => {
  t.deepEqual(read("03616263 00 01ff").messages, ["616263", "", "ff"]);
  t.deepEqual(read(`8001${"61".repeat(128)}`).messages, ["61".repeat(128)]);
});

test("a length with more bytes than it needs is understood, and refused with strictVarint", (t) => {
  t.deepEqual(read("8300 616263 8080808080808080 8000").messages, ["616263", ""]);
  for (const length of ["8000", "8300", "83808000", "80808080808080808000"]) {
    t.is(read(length, { strictVarint: true }).fault?.code, "ERR_FRAME_BAD_LENGTH", length);
  }
  t.deepEqual(read("00 01 61", { strictVarint: true }).messages, ["", "61"]);
});

test("more than 10 bytes, or a tenth above 1, is ERR_FRAME_BAD_LENGTH, never a wrap", (t) => {
  const nine = "80".repeat(9);
  for (const tenth of ["02", "7f", "80", "81", "ff"]) {
    t.is(read(`0161 ${nine}${tenth}`).fault?.code, "ERR_FRAME_BAD_LENGTH", tenth);
  }
  t.deepEqual(read(`${nine}00`).messages, [""]);
  t.is(read(`${nine}01`).fault?.code, "ERR_FRAME_TOO_LARGE", "2 to the power of 63");
});

test("a length above the limit is ERR_FRAME_TOO_LARGE as soon as that is certain", (t) => {
  t.is(read("81808004").fault?.code, "ERR_FRAME_TOO_LARGE");
  t.is(read("80808004").fault?.code, "ERR_FRAME_TRUNCATED", "the default limit is 8 MiB");
  t.is(read("8b", { maxMessageSize: 10 }).fault?.code, "ERR_FRAME_TOO_LARGE", "before the last byte of the length");
  t.is(read("8a", { maxMessageSize: 10 }).fault?.code, "ERR_FRAME_TRUNCATED");
  for (const length of ["ffffffff0f", "ffffffffffffffff7f", "ffffffffffffffffff01", "8080808010"]) {
    t.is(read(length).fault?.code, "ERR_FRAME_TOO_LARGE", length);
  }
  const large = { maxMessageSize: Number.MAX_SAFE_INTEGER };
  t.like(read("ffffffffffffff0f", large).fault, { code: "ERR_FRAME_TRUNCATED", expected: Number.MAX_SAFE_INTEGER });
  t.is(read("8080808080808010", large).fault?.code, "ERR_FRAME_TOO_LARGE");
});

test("an end in mid-message reports what was received and what was due, length not counted", (t) => {
  t.like(read("0361").fault, { code: "ERR_FRAME_TRUNCATED", received: 1, expected: 3 });
  t.like(read("80").fault, { code: "ERR_FRAME_TRUNCATED", received: 1 });
});

test("any length of up to 64 bits is read as the arithmetic of big integers reads it", (t) => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (length) => {
      const bytes: number[] = [];
      let rest = length;
      for (; rest >= 128n; rest /= 128n) bytes.push(Number(rest % 128n) + 128);
      bytes.push(Number(rest));
      const { fault } = read(Buffer.from(bytes).toString("hex"), { maxMessageSize: Number.MAX_SAFE_INTEGER });
      if (length > BigInt(Number.MAX_SAFE_INTEGER)) t.is(fault?.code, "ERR_FRAME_TOO_LARGE");
      else if (length > 0n) t.like(fault, { code: "ERR_FRAME_TRUNCATED", expected: Number(length) });
    }),
    { numRuns: 300 },
  );
});

test("strictVarint is true or false", (t) => {
  t.throws(() => new VarintFraming({ strictVarint: 1 as never }), {
    code: "ERR_OPTIONS",
    message: /"strictVarint" is 1/,
  });
});
