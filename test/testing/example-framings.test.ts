import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { CobsFraming } from "../../examples/framings/cobs.ts";
import { FixedSizeFraming } from "../../examples/framings/fixed-size.ts";
import { NmeaFraming } from "../../examples/framings/nmea.ts";
import { checkFraming } from "../../src/testing/check-framing.ts";
import { joined, readPieces } from "../../src/testing/readings.ts";
import { root } from "../codegen/workspace.ts";

/** Sentences as receivers send them. */
const sentences = [
  "$GPGGA,092750.000,5321.6802,N,00630.3372,W,1,8,1.03,61.7,M,55.2,M,,*76\r\n",
  "$GPRMC,092750.000,A,5321.6802,N,00630.3372,W,0.02,31.66,280511,,,A*43\r\n",
  "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C\r\n",
];
const textOf = (sentence: string): string => sentence.slice(0, -5);

test("NMEA: conforms, also with damaged lines", (t) => {
  const bad = ["$GPGLL,1*00\r\n", "noise\r\n", "x".repeat(200), "\r\n", "$GPGLL,1\n", "$A*4", "\0\u{FF}*\r\n"];
  const inputs = [sentences.join(""), bad.join(""), ...bad.map((line) => sentences[0] + line + sentences[1])];
  t.notThrows(() => checkFraming(NmeaFraming, [...sentences.map((each) => textOf(each)), "$"], { inputs }));
});

test("NMEA: checksums are verified and added; damaged sentences are reported, and the next one is read", (t) => {
  const [first = "", second = ""] = sentences;
  const damaged = first.replace("8,1.03", "9,1.03");
  const reading = readPieces(new NmeaFraming(), [Buffer.from(`rest of a line\r\n${first}${damaged}${second}`)]);
  t.deepEqual(reading.messages.map(String), [textOf(first), textOf(second)]);
  t.is(reading.fault, undefined);
  t.deepEqual(
    reading.recovered?.map(({ code, after }) => [code, after]),
    [
      ["ERR_FRAME_INVALID", 0],
      ["ERR_FRAME_INVALID", 1],
    ],
  );
  t.regex(reading.recovered?.[1]?.text ?? "", /^its checksum is 76 instead of 77: "\$GPGGA/);
  t.is(joined(new NmeaFraming().encode(Buffer.from(textOf(first)))).toString(), first);
});

test("NMEA: what is not a sentence cannot be sent", (t) => {
  for (const payload of ["GPGLL,1", "$GP*LL", "$GP\r\n", `$${"x".repeat(77)}`, "", "$čas"]) {
    t.throws(() => new NmeaFraming().encode(Buffer.from(payload)), { code: "ERR_FRAME_INVALID" }, payload);
  }
  t.notThrows(() => new NmeaFraming().encode(Buffer.from(`$${"x".repeat(76)}`)));
});

test("COBS: conforms, also with noise", (t) => {
  const all = Uint8Array.from({ length: 256 }, (_, index) => index);
  const full = [253, 254, 255, 508, 509].map((size) => Buffer.alloc(size, 1));
  const samples = ["", "a", all, all.toReversed(), Buffer.alloc(300), ...full, Buffer.concat([...full, all])];
  const inputs = [Buffer.from([0, 0, 5, 1, 0, 3, 1, 2, 0, 0]), Buffer.alloc(6000, 7), joined(framed("a")), all];
  t.notThrows(() => checkFraming(CobsFraming, samples, { inputs }));
});

/** The bytes of one COBS packet. */
function framed(text: string): Uint8Array | readonly Uint8Array[] {
  return new CobsFraming({}).encode(Buffer.from(text, "latin1"));
}

test("COBS: the bytes on the wire are those of others' implementations", (t) => {
  // CRC-16/CCITT-FALSE of "123456789" is 0x29B1.
  t.deepEqual(joined(framed("123456789")), Buffer.from([12, ...Buffer.from("123456789"), 0x29, 0xb1, 0]));
  // The CRC of no bytes is 0xFFFF; of one zero, 0xE1F0.
  t.deepEqual(joined(framed("")), Buffer.from([3, 0xff, 0xff, 0]));
  t.deepEqual(joined(framed("\0")), Buffer.from([1, 3, 0xe1, 0xf0, 0]));
});

test("COBS: a damaged packet is reported, and the next one is read", (t) => {
  const whole = joined(framed("hello"));
  const damaged = Buffer.from(whole);
  damaged[2] = 120;
  const cut = Buffer.from([9, 1, 2, 0]);
  const reading = readPieces(new CobsFraming({}), [Buffer.concat([damaged, whole, cut, whole])]);
  t.deepEqual(reading.messages.map(String), ["hello", "hello"]);
  t.deepEqual(
    reading.recovered?.map(({ text, after }) => [text, after]),
    [
      ["the checksum of a packet of 7 bytes is wrong", 0],
      ["a packet ends in the middle of a block", 1],
    ],
  );
  t.is(readPieces(new CobsFraming({ maxMessageSize: 4 }), [whole]).fault?.code, "ERR_FRAME_TOO_LARGE");
});

test("fixed size: conforms; records of another size cannot be sent, and an end in mid-record is told", (t) => {
  t.notThrows(() =>
    checkFraming(FixedSizeFraming, ["four", "\0\0\0\0"], { options: { recordSize: 4 }, inputs: ["abcdefghi"] }),
  );
  const create = (): FixedSizeFraming => new FixedSizeFraming({ recordSize: 4 });
  t.throws(() => create().encode(Buffer.from("five5")), { code: "ERR_FRAME_INVALID", message: /5 bytes instead of 4/ });
  const { messages, fault } = readPieces(create(), [Buffer.from("abcdefghij")]);
  t.deepEqual(messages.map(String), ["abcd", "efgh"]);
  t.like(fault, { code: "ERR_FRAME_TRUNCATED", received: 2, expected: 4 });
  for (const recordSize of [0, -1, 1.5, undefined as unknown as number]) {
    t.throws(() => new FixedSizeFraming({ recordSize }), { code: "ERR_OPTIONS", message: /"recordSize"/ });
  }
});

test("the page shows the examples as they are", (t) => {
  const page = readFileSync(join(root, "docs/your-own-framing.md"), "utf8");
  for (const name of ["nmea", "cobs", "fixed-size"]) {
    const source = readFileSync(join(root, `examples/framings/${name}.ts`), "utf8");
    t.true(page.includes(`\`\`\`ts\n${source}\`\`\`\n`), name);
  }
});
