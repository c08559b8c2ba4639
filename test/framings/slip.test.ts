import test from "ava";
import fc from "fast-check";
import { SlipFraming, type SlipFramingOptions } from "../../src/framings/slip.ts";
import { cutDifference, joined, readerOf, type Reading, readPieces } from "../../src/testing/readings.ts";

/** What comes of these bytes in hexadecimal, after making sure that it does not depend on how they are cut. */
function read(hex: string, options: SlipFramingOptions = {}): Reading {
  const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
  const create = (): SlipFraming => new SlipFraming(options);
  const difference = cutDifference(create, bytes);
  if (difference !== undefined) throw new Error(difference);
  return readPieces(create(), [bytes], "hex");
}

/** The codes of the errors that were recovered from, each with how many messages came before. */
function recovered(reading: Reading): [string, number][] {
  return (reading.recovered ?? []).map(({ code, after }) => [code, after]);
}

function sent(hex: string): string {
  return joined(new SlipFraming({}).encode(Buffer.from(hex.replaceAll(" ", ""), "hex"))).toString("hex");
}

test("on the wire: END, the bytes with escapes, END", (t) => {
  t.is(sent("616263"), "c0616263c0");
  t.is(sent("c0"), "c0dbdcc0");
  t.is(sent("db"), "c0dbddc0");
  t.is(sent("61 c0 62 db dc dd"), "c061dbdc62dbdddcddc0");
});

test("packets are read; END between them is shared, repeated or missing in front", (t) => {
  const due = { messages: ["6162", "c0db"], fault: undefined };
  t.like(read("c0 6162 c0 c0 dbdc dbdd c0"), due);
  t.like(read("6162 c0 dbdcdbdd c0"), due, "a leading END is not required");
  t.like(read("c0c0c0 6162 c0c0c0c0 dbdcdbdd c0c0"), due, "empty packets are skipped");
});

test("a lone END at the end is a clean end; anything else is a truncated packet", (t) => {
  t.like(read("c0 61 c0 c0"), { messages: ["61"], fault: undefined });
  t.like(read("c0"), { messages: [], fault: undefined });
  t.like(read("c0 61 c0 c0 6263"), { messages: ["61"], fault: { code: "ERR_FRAME_TRUNCATED", received: 2 } });
  t.like(read("c0 61 db"), { fault: { code: "ERR_FRAME_TRUNCATED", received: 2 } });
});

test("ESC and another byte is a recoverable ERR_FRAME_INVALID: the rest of the packet is skipped", (t) => {
  const reading = read("c0 61 c0 62 db 63 64 c0 65 c0");
  t.deepEqual(reading.messages, ["61", "65"]);
  t.deepEqual(recovered(reading), [["ERR_FRAME_INVALID", 1]]);
  t.is(reading.fault, undefined);
  t.deepEqual(recovered(read("db db dd 61 c0 62 c0")), [["ERR_FRAME_INVALID", 0]], "once for each packet");
});

test("an END after ESC is the next END", (t) => {
  const reading = read("c0 61 db c0 62 c0");
  t.deepEqual(reading.messages, ["62"]);
  t.deepEqual(recovered(reading), [["ERR_FRAME_INVALID", 0]]);
});

test("the limit counts bytes without escapes; a packet above it is reported once and skipped", (t) => {
  const options = { maxMessageSize: 4 };
  t.deepEqual(read("c0 dbdcdbdddbdcdbdd c0", options).messages, ["c0dbc0db"]);
  for (const packet of ["6162636465", "dbdc62636465", "dbdcdbdddbdcdbdddbdc", "61".repeat(40), "6162636465 db00"]) {
    const reading = read(`c061c0 ${packet} c062c0`, options);
    t.deepEqual(reading.messages, ["61", "62"], packet);
    t.deepEqual(recovered(reading), [["ERR_FRAME_TOO_LARGE", 1]], packet);
    t.is(reading.fault, undefined);
  }
  t.deepEqual(recovered(read("61 db00 6162636465 c0", options)), [["ERR_FRAME_INVALID", 0]], "the first fault counts");
});

test("the default limit is 64 KiB, and a packet without end costs no more memory than that and one read", (t) => {
  let errors = 0;
  const reader = readerOf<Buffer>(new SlipFraming({}), undefined, { survived: () => errors++ });
  let most = 0;
  for (let sentBytes = 0; sentBytes < 1024 * 1024; sentBytes += 1021) {
    reader.push(Buffer.alloc(1021, "x"));
    most = Math.max(most, reader.length);
    t.is(reader.next(), undefined);
    t.is(errors, sentBytes + 1021 > 65_536 ? 1 : 0);
  }
  t.is(errors, 1);
  t.true(most <= 65_536 + 1021);
  t.is(reader.length, 0);
});

test("an empty payload is refused, and nothing is sent", (t) => {
  const error = t.throws(() => sent(""), { code: "ERR_FRAME_INVALID" });
  t.is((error as unknown as { outcome: string }).outcome, "not-sent");
});

test("any input is read as a decoder that looks at each byte in turn reads it", (t) => {
  const bytes = fc.array(fc.constantFrom(0xc0, 0xdb, 0xdc, 0xdd, 0x61, 0x62, 0), { maxLength: 60 });
  fc.assert(
    fc.property(bytes, fc.integer({ min: 1, max: 12 }), (given, maxMessageSize) => {
      const reading = read(Buffer.from(given).toString("hex"), { maxMessageSize });
      const due = plainly(given, maxMessageSize);
      t.deepEqual(reading.messages, due.messages);
      t.deepEqual(
        recovered(reading).map(([code]) => code),
        due.errors,
      );
      t.is(reading.fault?.code, due.isTruncated ? "ERR_FRAME_TRUNCATED" : undefined);
    }),
    { numRuns: 500 },
  );
});

function plainly(
  bytes: readonly number[],
  limit: number,
): { messages: string[]; errors: string[]; isTruncated: boolean } {
  const [messages, errors]: [string[], string[]] = [[], []];
  let packet: number[] = [];
  let [isEscaped, isBad] = [false, false];
  const fail = (code: string): void => {
    errors.push(code);
    isBad = true;
  };
  for (const byte of bytes) {
    if (byte === 0xc0) {
      if (isEscaped && !isBad) fail("ERR_FRAME_INVALID");
      if (!isBad && packet.length > 0) messages.push(Buffer.from(packet).toString("hex"));
      packet = [];
      isEscaped = false;
      isBad = false;
    } else if (!isBad && isEscaped) {
      isEscaped = false;
      if (byte === 0xdc || byte === 0xdd) packet.push(byte === 0xdc ? 0xc0 : 0xdb);
      else fail("ERR_FRAME_INVALID");
    } else if (!isBad && byte === 0xdb) isEscaped = true;
    else if (!isBad) packet.push(byte);
    if (!isBad && packet.length > limit) fail("ERR_FRAME_TOO_LARGE");
  }
  return { messages, errors, isTruncated: !isBad && (packet.length > 0 || isEscaped) };
}
