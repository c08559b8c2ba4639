import test from "ava";
import fc from "fast-check";
import { CobsFraming, type CobsFramingOptions } from "../../src/framings/cobs.ts";
import { cutDifference, joined, type Reading, readPieces } from "../../src/testing/readings.ts";

/** What comes of these bytes in hexadecimal, after making sure that it does not depend on how they are cut. */
function read(hex: string, options: CobsFramingOptions = {}): Reading {
  const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
  const create = (): CobsFraming => new CobsFraming(options);
  const difference = cutDifference(create, bytes);
  if (difference !== undefined) throw new Error(difference);
  return readPieces(create(), [bytes], "hex");
}

/** The codes of the errors that were recovered from, each with how many messages came before. */
function recovered(reading: Reading): [string, number][] {
  return (reading.recovered ?? []).map(({ code, after }) => [code, after]);
}

/** Bytes that count from `from`, none of them zero. */
const run = (length: number): string =>
  Buffer.from(Array.from({ length }, (_, index) => (index % 255) + 1)).toString("hex");

// Most are the examples of the paper and of the encyclopedias.
const packets: [payload: string, packet: string][] = [
  ["", "0100"],
  ["00", "010100"],
  ["0000", "01010100"],
  ["001100", "0102110100"],
  ["11220033", "031122023300"],
  ["11223344", "051122334400"],
  ["11000000", "021101010100"],
  [run(253), `fe${run(253)}00`],
  [run(254), `ff${run(254)}00`],
  [run(255), `ff${run(254)}02ff00`],
  [`00${run(254)}`, `01ff${run(254)}00`],
  [`${run(254)}00`, `ff${run(254)}010100`],
  [run(508), `ff${run(254)}ff${run(508).slice(508)}00`],
  [`${run(253)}00`, `fe${run(253)}0100`],
];
for (const [payload, packet] of packets) {
  test(`on the wire: ${payload.slice(0, 8)}…${payload.slice(-8)} (${payload.length / 2})`, (t) => {
    t.is(joined(new CobsFraming({}).encode(Buffer.from(payload, "hex"))).toString("hex"), packet);
    t.like(read(packet + packet), { messages: [payload, payload], fault: undefined, recovered: undefined });
  });
}

test("a run of 254 is received with and without a trailing 01", (t) => {
  t.deepEqual(read(`ff${run(254)}0100`).messages, [run(254)]);
  t.deepEqual(read(`ff${run(254)}00`).messages, [run(254)]);
});

test("a bare 00 is skipped, 01 00 is the empty message", (t) => {
  t.like(read("00 00 0100 00 0261 00 00"), { messages: ["", "61"], fault: undefined });
  t.like(read("00"), { messages: [], fault: undefined });
});

test("a code past the end is a recoverable ERR_FRAME_INVALID, and the next packet is read", (t) => {
  const reading = read("026100 056200 ff6100 0361620500 026300");
  t.deepEqual(reading.messages, ["61", "63"]);
  t.deepEqual(recovered(reading), [
    ["ERR_FRAME_INVALID", 1],
    ["ERR_FRAME_INVALID", 1],
    ["ERR_FRAME_INVALID", 1],
  ]);
});

test("a packet above the limit is reported once and skipped; the limit counts the message", (t) => {
  const options = { maxMessageSize: 4 };
  t.deepEqual(read("0101010101 00 0561626364 00", options).messages, ["00000000", "61626364"]);
  for (const packet of ["066162636465", "010101010101", "ff".repeat(30), "02610361620361620261"]) {
    const reading = read(`026100 ${packet}00 026200`, options);
    t.deepEqual(reading.messages, ["61", "62"], packet);
    t.deepEqual(recovered(reading), [["ERR_FRAME_TOO_LARGE", 1]], packet);
  }
  t.deepEqual(recovered(read("ff".repeat(30), options)), [["ERR_FRAME_TOO_LARGE", 0]], "without an end in sight");
});

test("the default limit is 64 KiB", (t) => {
  const carry = (size: number): Reading =>
    readPieces(new CobsFraming({}), [joined(new CobsFraming({}).encode(Buffer.alloc(size, 1)))]);
  t.is(carry(65_536).messages.length, 1);
  t.deepEqual(recovered(carry(65_537)), [["ERR_FRAME_TOO_LARGE", 0]]);
});

test("an end inside a packet is ERR_FRAME_TRUNCATED", (t) => {
  t.like(read("026100 0362").fault, { code: "ERR_FRAME_TRUNCATED", received: 2 });
});

test("whatever is sent has no zero in it but the last, and comes back as it was", (t) => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    fc
      .array(fc.constantFrom(...[0, 1, 254].map((length) => Buffer.from(`00${run(length)}`, "hex"))), { maxLength: 5 })
      .map((all) => Buffer.concat(all)),
  );
  fc.assert(
    fc.property(bytes, (payload) => {
      const packet = joined(new CobsFraming({}).encode(payload));
      t.is(packet.indexOf(0), packet.length - 1);
      t.deepEqual(readPieces(new CobsFraming({}), [packet]).messages, [Buffer.from(payload)]);
    }),
    { numRuns: 300 },
  );
});
