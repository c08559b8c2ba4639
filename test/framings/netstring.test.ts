import test from "ava";
import { NetstringFraming, type NetstringFramingOptions } from "../../src/framings/netstring.ts";
import { cutDifference, joined, type Reading, readPieces } from "../../src/testing/readings.ts";

/** What comes of this input, after making sure that it does not depend on how it is cut. */
function read(input: string, options: NetstringFramingOptions = {}): Reading {
  const bytes = Buffer.from(input);
  const create = (): NetstringFraming => new NetstringFraming(options);
  const difference = cutDifference(create, bytes);
  if (difference !== undefined) throw new Error(difference);
  return readPieces(create(), [bytes], "utf8");
}

test("on the wire: the decimal length, a colon, the bytes, a comma", (t) => {
  const encode = (text: string): string => joined(new NetstringFraming({}).encode(Buffer.from(text))).toString();
  t.is(encode("hello world!"), "12:hello world!,", "the example of the specification");
  t.is(encode(""), "0:,");
  t.is(encode("€"), "3:€,", "a length counts bytes");
});

test("messages are read, whatever is in them", (t) => {
  t.deepEqual(read("5:hello,0:,3:a,b,3:€,2:1:,").messages, ["hello", "", "a,b", "€", "1:"]);
});

for (const length of [
  "-1",
  "-0",
  "007",
  "00",
  "01",
  "1e9",
  "NaN",
  "0x10",
  "5_0",
  "5,5",
  "+5",
  " 5",
  "5 ",
  "",
  "\0",
  "٣",
  "5\n",
]) {
  test(`a length that is no plain decimal number is ERR_FRAME_BAD_LENGTH: ${JSON.stringify(length)}`, (t) => {
    t.like(read(`2:ok,${length}:hello,`), { messages: ["ok"], fault: { code: "ERR_FRAME_BAD_LENGTH" } });
  });
}

test("a length above the limit is ERR_FRAME_TOO_LARGE as soon as the digits say so", (t) => {
  t.is(read("8388609").fault?.code, "ERR_FRAME_TOO_LARGE");
  t.is(read("8388608").fault?.code, "ERR_FRAME_TRUNCATED", "the default limit is 8 MiB");
  t.is(read("11", { maxMessageSize: 10 }).fault?.code, "ERR_FRAME_TOO_LARGE");
  t.is(read(`1${"0".repeat(20)}`).fault?.code, "ERR_FRAME_TOO_LARGE");
  t.is(read("9999999999:", { maxMessageSize: 9_999_999_999 }).fault?.code, "ERR_FRAME_TRUNCATED");
  t.is(read("10000000000", { maxMessageSize: 9_999_999_999 }).fault?.code, "ERR_FRAME_TOO_LARGE");
  t.throws(() => new NetstringFraming({ maxMessageSize: 10_000_000_000 }), { code: "ERR_OPTIONS" });
});

test("no comma behind the bytes is ERR_FRAME_INVALID", (t) => {
  t.like(read("1:a,5:hello;"), { messages: ["a"], fault: { code: "ERR_FRAME_INVALID" } });
  t.is(read("0:0").fault?.code, "ERR_FRAME_INVALID");
});

test("an end in mid-message reports what was received and what was due, the comma included", (t) => {
  t.like(read("5:hel").fault, { code: "ERR_FRAME_TRUNCATED", received: 3, expected: 6 });
  t.like(read("5:hello").fault, { code: "ERR_FRAME_TRUNCATED", received: 5, expected: 6 });
  t.like(read("5").fault, { code: "ERR_FRAME_TRUNCATED", received: 1 });
});
