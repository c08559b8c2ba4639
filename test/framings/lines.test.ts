import { inspect } from "node:util";
import test from "ava";
import fc from "fast-check";
import { LinesFraming, type LinesFramingOptions } from "../../src/framings/lines.ts";
import { MessageReader } from "../../src/core/messages/message-reader.ts";
import { cutDifference, joined, type Reading, readPieces } from "../../src/testing/readings.ts";

function create(options: LinesFramingOptions = {}): () => LinesFraming {
  return () => new LinesFraming(options);
}

/** What comes of this input, after making sure that it does not depend on how it is cut. */
function read(input: string, options: LinesFramingOptions = {}): Reading {
  const bytes = Buffer.from(input, "latin1");
  const difference = cutDifference(create(options), bytes);
  if (difference !== undefined) throw new Error(difference);
  return readPieces(create(options)(), [bytes], "latin1");
}

test("on the wire: the bytes, then LF, or CR LF if the option newline says so", (t) => {
  t.is(joined(create()().encode(Buffer.from("hello"))).toString(), "hello\n");
  t.is(joined(create({ newline: "\r\n" })().encode(Buffer.from("hello"))).toString(), "hello\r\n");
  t.is(joined(create()().encode(Buffer.from(""))).toString(), "\n");
});

for (const newline of ["\n", "\r\n"] as const) {
  test(`LF and CR LF both end a line, one CR before LF is taken off: newline ${JSON.stringify(newline)}`, (t) => {
    const { messages, fault } = read("a\nb\r\nc\r\r\n\r\n\n\rd\re\n", { newline });
    t.deepEqual(messages, ["a", "b", "c\r", "", "", "\rd\re"]);
    t.is(fault, undefined);
  });
}

test("the CR before an LF does not count for the limit; one more byte does", (t) => {
  const options = { maxMessageSize: 5 };
  t.deepEqual(read("12345\n12345\r\n", options).messages, ["12345", "12345"]);
  t.is(read("123456\n", options).fault?.code, "ERR_FRAME_TOO_LARGE");
  t.is(read("12345\r\r\n", options).fault?.code, "ERR_FRAME_TOO_LARGE");
  t.is(read("123456", options).fault?.code, "ERR_FRAME_TOO_LARGE", "without an end in sight");
  t.is(read("12345\r", options).fault?.code, "ERR_FRAME_TRUNCATED", "the CR may belong to a line end");
  t.is(read("12345\rx", options).fault?.code, "ERR_FRAME_TOO_LARGE");
});

test("the default limit is 1 MiB", (t) => {
  const line = "x".repeat(1024 * 1024);
  t.is(readPieces(create()(), [Buffer.from(`${line}\r\n`)], "latin1").messages[0], line);
  t.is(readPieces(create()(), [Buffer.from(`${line}x\n`)]).fault?.code, "ERR_FRAME_TOO_LARGE");
});

test("an unterminated last line is an ERR_FRAME_TRUNCATED by default, and a message with lastLine message", (t) => {
  t.like(read("a\nbcd"), { messages: ["a"], fault: { code: "ERR_FRAME_TRUNCATED", received: 3 } });
  t.like(read("a\nbcd", { lastLine: "message" }), { messages: ["a", "bcd"], fault: undefined });
  t.deepEqual(read("a\nbcd\r", { lastLine: "message" }).messages, ["a", "bcd"], "half a line end is no content");
  t.deepEqual(read("a\n", { lastLine: "message" }).messages, ["a"], "nothing is no line");
  t.deepEqual(read("", { lastLine: "message" }).messages, []);
  t.is(read("12345\r", { lastLine: "message", maxMessageSize: 5 }).messages[0], "12345");
});

test("a payload with LF in it, or CR at its end, is refused and nothing is sent", (t) => {
  for (const newline of ["\n", "\r\n"] as const) {
    for (const payload of ["a\nb", "\n", "a\r\nb", "a\r", "\r"]) {
      const error = t.throws(() => create({ newline })().encode(Buffer.from(payload)), {
        code: "ERR_TERMINATOR_IN_PAYLOAD",
      });
      t.is((error as unknown as { outcome: string }).outcome, "not-sent");
    }
    t.notThrows(() => create({ newline })().encode(Buffer.from("a\rb")));
  }
});

test("any lines come back as they were sent", (t) => {
  const line = fc
    .string({ unit: fc.constantFrom("a", "\r", "b", "é"), maxLength: 6 })
    .filter((text) => !text.endsWith("\r"));
  fc.assert(
    fc.property(fc.array(line), fc.constantFrom("\n" as const, "\r\n" as const), (lines, newline) => {
      const stream = lines.map((text) => joined(create({ newline })().encode(Buffer.from(text))).toString("latin1"));
      t.deepEqual(
        read(stream.join("")).messages,
        lines.map((text) => Buffer.from(text).toString("latin1")),
      );
    }),
    { numRuns: 100 },
  );
});

test("where an error is survived, the rest of a line that was too long is skipped, and the next line is read", (t) => {
  for (const size of [1, 4, 100]) {
    const messages: string[] = [];
    const errors: string[] = [];
    const settings = { makeFraming: create({ maxMessageSize: 5 }), encoding: "latin1", interByteTimeoutMs: 0 } as const;
    const reader = new MessageReader<string>(settings, true, ({ code }) => errors.push(code));
    const input = Buffer.from("ok\n1234567890123456\nnext\n");
    for (let at = 0; at < input.length; at += size) {
      reader.push(input.subarray(at, at + size));
      for (let message = reader.next(); message !== undefined; message = reader.next()) messages.push(message);
    }
    t.deepEqual(messages, ["ok", "next"]);
    t.deepEqual(errors, ["ERR_FRAME_TOO_LARGE"]);
  }
});

for (const [name, values] of Object.entries({
  newline: ["\r", "", "\n\r", 10, null],
  lastLine: ["", "drop", null, true],
})) {
  for (const value of values) {
    test(`${name} ${inspect(value)} is refused`, (t) => {
      t.throws(() => new LinesFraming({ [name]: value }), {
        code: "ERR_OPTIONS",
        message: new RegExp(`^option "${name}" is `),
      });
    });
  }
}
