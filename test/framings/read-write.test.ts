import test from "ava";
import fc from "fast-check";
import { ByteQueue } from "../../src/core/bytes/byte-queue.ts";
import { ReadWriteFraming, type ReadWriteFramingOptions } from "../../src/framings/read-write.ts";
import { cutDifference, joined, readPieces, type Reading } from "../../src/testing/readings.ts";

function create(options: ReadWriteFramingOptions = {}): () => ReadWriteFraming {
  return () => new ReadWriteFraming(options);
}

/** What comes of this input, after making sure that it does not depend on how it is cut. */
function read(input: string | Uint8Array, make = create()): Reading {
  const bytes = Buffer.from(input as string, "utf8");
  const difference = cutDifference(make, bytes);
  if (difference !== undefined) throw new Error(difference);
  return readPieces(make(), [bytes]);
}

test("on the wire: the decimal length, CR LF, the bytes", (t) => {
  const framing = create()();
  t.is(joined(framing.encode(Buffer.from("hello"))).toString(), "5\r\nhello");
  t.is(joined(framing.encode(Buffer.from(""))).toString(), "0\r\n");
  t.is(
    joined(framing.encode(Buffer.alloc(1234)))
      .subarray(0, 6)
      .toString(),
    "1234\r\n",
  );
});

test("a length counts bytes, not characters", (t) => {
  t.is(joined(create()().encode(Buffer.from("€"))).toString(), "3\r\n€");
  t.deepEqual(readPieces(create()(), [Buffer.from("3\r\n€")], "utf8").messages, ["€"]);
});

const badLengths: Readonly<Record<string, string>> = {
  "-1": "-1",
  "-0": "-0",
  "leading zeros": "007",
  "two zeros": "00",
  "zero before a digit": "01",
  exponent: "1e9",
  NaN: "NaN",
  Infinity: "Infinity",
  hexadecimal: "0x10",
  "hexadecimal digits": "1f",
  "digit separator": "5_0",
  "decimal comma": "5,5",
  "decimal point": "5.0",
  "plus sign": "+5",
  "leading space": " 5",
  "trailing space": "5 ",
  "space inside": "3 1",
  tab: "\t5",
  empty: "",
  NUL: "\0",
  "NUL after a digit": "5\0",
  "Arabic-Indic digits": "٣",
  "full-width digits": "５",
  "superscript digit": "5²",
  "byte order mark": "\u{FEFF}5",
};
for (const [title, length] of Object.entries(badLengths)) {
  test(`a length that is no plain decimal number is ERR_FRAME_BAD_LENGTH: ${title}`, (t) => {
    const { messages, fault } = read(`2\r\nok${length}\r\nhello`);
    t.deepEqual(messages.map(String), ["ok"], "what came before is delivered");
    t.is(fault?.code, "ERR_FRAME_BAD_LENGTH");
  });
}

test("every byte but a digit is refused as the first of a length, and every one but a digit or CR after it", (t) => {
  for (let byte = 0; byte < 256; byte++) {
    const isDigit = byte >= 48 && byte <= 57;
    const first = read(Buffer.concat([Buffer.from([byte]), Buffer.from("\r\n")])).fault?.code;
    const later = read(Buffer.concat([Buffer.from([49, byte]), Buffer.from("x")])).fault?.code;
    const due = byte === 10 ? "ERR_FRAME_BAD_HEADER" : "ERR_FRAME_BAD_LENGTH";
    t.is(first, isDigit ? (byte === 48 ? undefined : "ERR_FRAME_TRUNCATED") : due, `byte ${byte}`);
    const header = byte === 13 ? "ERR_FRAME_BAD_HEADER" : due;
    t.is(later, isDigit ? "ERR_FRAME_BAD_LENGTH" : header, `byte ${byte} after a digit`);
  }
});

const badHeaders: Readonly<Record<string, [header: string, at: number]>> = {
  "a bare LF": ["5\nhello", 1],
  "a bare LF after no digit": ["\n", 0],
  "CR and another byte": ["5\rhello", 2],
  "CR CR LF": ["5\r\r\n", 2],
};
for (const [title, [header, at]] of Object.entries(badHeaders)) {
  test(`a header that does not end with CR LF is ERR_FRAME_BAD_HEADER at the first bad byte: ${title}`, (t) => {
    const { fault } = read(header);
    t.is(fault?.code, "ERR_FRAME_BAD_HEADER");
    t.regex(fault?.text ?? "", new RegExp(`^byte ${at} of a length header is `));
  });
}

test("a length above the cap is ERR_FRAME_TOO_LARGE before the payload is there", (t) => {
  t.is(read("8388609\r\n").fault?.code, "ERR_FRAME_TOO_LARGE");
  t.is(read(`1${"0".repeat(20)}\r\n`).fault?.code, "ERR_FRAME_TOO_LARGE", "10^20");
  t.is(read("9999999999\r\n").fault?.code, "ERR_FRAME_TOO_LARGE");
  t.is(read("1".repeat(64)).fault?.code, "ERR_FRAME_TOO_LARGE", "digits without end");
  t.is(read("11\r\n", create({ maxMessageSize: 10 })).fault?.code, "ERR_FRAME_TOO_LARGE");
  t.deepEqual(read("10\r\n0123456789", create({ maxMessageSize: 10 })).messages.map(String), ["0123456789"]);
});

test("a header has at most ten digits, even with the largest limit", (t) => {
  const make = create({ maxMessageSize: 9_999_999_999 });
  t.is(read("9999999999\r\n", make).fault?.code, "ERR_FRAME_TRUNCATED");
  t.is(read("10000000000\r\n", make).fault?.code, "ERR_FRAME_TOO_LARGE");
  t.throws(() => create({ maxMessageSize: 10_000_000_000 })(), { code: "ERR_OPTIONS" });
});

test("nothing is allocated for a declared length", (t) => {
  const before = process.memoryUsage().arrayBuffers;
  const framing = create({ maxMessageSize: 9_999_999_999 })();
  const queue = new ByteQueue();
  queue.push(Buffer.from("9999999999\r\nabc"));
  t.is(framing.decode(queue), undefined);
  t.is(framing.expected, 9_999_999_999);
  t.true(process.memoryUsage().arrayBuffers - before < 1024 * 1024);
});

test("an end in mid-message tells what was received and what was due, header not counted", (t) => {
  t.like(read("5\r\nhel").fault, { code: "ERR_FRAME_TRUNCATED", received: 3, expected: 5 });
  t.like(read("5\r\n").fault, { code: "ERR_FRAME_TRUNCATED", received: 0, expected: 5 });
  const { fault } = read("5\r");
  t.like(fault, { code: "ERR_FRAME_TRUNCATED", received: 2 });
  t.false("expected" in (fault ?? {}), "without a whole header nobody knows");
});

test("any length is taken back as it was sent", (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), (payloads) => {
      const framing = create()();
      const stream = Buffer.concat(payloads.map((payload) => joined(framing.encode(payload))));
      const { messages, fault } = readPieces(framing, [stream]);
      t.is(fault, undefined);
      t.deepEqual(
        messages,
        payloads.map((payload) => Buffer.from(payload)),
      );
    }),
    { numRuns: 100 },
  );
});
