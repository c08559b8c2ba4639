import test from "ava";
import fc from "fast-check";
import { BasicFraming, type BasicFramingOptions } from "../../src/framings/basic.ts";
import { readerOf, readPieces } from "../../src/testing/readings.ts";

test("on the wire: the bytes and nothing else, in the memory that they are in", (t) => {
  const payload = Buffer.from("hello\r\n");
  t.is(new BasicFraming({}, "client").encode(payload), payload);
});

test("a client's message ends with the channel", (t) => {
  const pieces = ["one", "", "two"].map((text) => Buffer.from(text));
  t.deepEqual(readPieces(new BasicFraming({}, "client"), pieces, "latin1").messages, ["onetwo"]);
  t.deepEqual(readPieces(new BasicFraming({}, "client"), [], "latin1").messages, [""], "which may be empty");
});

for (const role of ["server", "persistent"] as const) {
  test(`what one read brings is a message: ${role}`, (t) => {
    const pieces = ["one", "two"].map((text) => Buffer.from(text));
    t.deepEqual(readPieces(new BasicFraming({}, role), pieces, "latin1").messages, ["one", "two"]);
    t.deepEqual(readPieces(new BasicFraming({}, role), []).messages, [], "no read, no message");
  });
}

test("messageEnd is free to choose in each role", (t) => {
  const pieces = ["one", "two"].map((text) => Buffer.from(text));
  const read = readPieces(new BasicFraming({ messageEnd: "read" }, "client"), pieces, "latin1");
  t.deepEqual(read.messages, ["one", "two"]);
  const close = readPieces(new BasicFraming({ messageEnd: "close" }, "persistent"), pieces, "latin1");
  t.deepEqual(close.messages, ["onetwo"]);
});

test("reads larger than the limit come as several messages, and none is lost", (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 50 })),
      fc.integer({ min: 1, max: 60 }),
      (pieces, maxMessageSize) => {
        const framing = new BasicFraming({ messageEnd: "read", maxMessageSize }, "client");
        const { messages, fault } = readPieces(framing, pieces);
        t.is(fault, undefined);
        t.deepEqual(Buffer.concat(messages as Buffer[]), Buffer.concat(pieces));
        t.true(messages.every((message) => message.length > 0 && message.length <= maxMessageSize));
      },
    ),
    { numRuns: 100 },
  );
});

test("with messageEnd read, what is received is handed over at once and nothing is held back", (t) => {
  const reader = readerOf<Buffer>(new BasicFraming({}, "persistent"));
  reader.push(Buffer.from("a"));
  t.is(String(reader.next()), "a");
  t.is(reader.length, 0);
  t.is(reader.next(), undefined);
});

for (const messageEnd of ["end", "", null, 1]) {
  test(`messageEnd ${JSON.stringify(messageEnd)} is refused`, (t) => {
    t.throws(() => new BasicFraming({ messageEnd } as unknown as BasicFramingOptions, "client"), {
      code: "ERR_OPTIONS",
      message: /^option "messageEnd" is .*: give one of "close", "read"$/,
    });
  });
}
