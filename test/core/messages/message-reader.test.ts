import test from "ava";
import type { FrameInput, Framing } from "../../../src/core/framing.ts";
import { MessageReader } from "../../../src/core/messages/message-reader.ts";
import type { ChannelError } from "../../../src/errors.ts";
import { readerOf } from "../../../src/testing/readings.ts";
import { FramingError } from "../../../src/errors.ts";
import { BasicFraming } from "../../../src/framings/basic.ts";
import { ReadWriteFraming } from "../../../src/framings/read-write.ts";
import { ShutdownFraming } from "../../../src/framings/shutdown.ts";
import { TerminatorFraming } from "../../../src/framings/terminator.ts";

test("hands out one message at a time, and undefined when more bytes are needed", (t) => {
  const reader = readerOf<string>(new TerminatorFraming({}), "utf8");
  t.is(reader.next(), undefined);
  reader.push(Buffer.from("one\r\ntwo\r\nthr"));
  t.is(reader.next(), "one");
  t.is(reader.next(), "two");
  t.is(reader.next(), undefined);
  t.is(reader.length, 3);
  reader.push(Buffer.from("ee\r\n"));
  t.is(reader.next(), "three");
  t.is(reader.length, 0);
});

test("is over once the other end has closed and everything was handed out", (t) => {
  const reader = readerOf<string>(new TerminatorFraming({}), "utf8");
  reader.push(Buffer.from("one\r\n"));
  reader.end();
  reader.end();
  t.false(reader.isOver);
  t.is(reader.next(), "one");
  t.is(reader.next(), undefined);
  t.true(reader.isOver);
  t.is(reader.next(), undefined);
});

test("an end that completes a message gives it once, even an empty one", (t) => {
  for (const text of ["", "hello"]) {
    const reader = readerOf<string>(new ShutdownFraming({}), "utf8");
    reader.push(Buffer.from(text));
    t.is(reader.next(), undefined);
    reader.end();
    t.is(reader.next(), text);
    t.is(reader.next(), undefined);
    t.true(reader.isOver);
  }
});

test("an end in mid-message is ERR_FRAME_TRUNCATED once, and says how much there was", (t) => {
  const reader = readerOf<string>(new ReadWriteFraming({}), "utf8");
  reader.push(Buffer.from("10\r\n12345"));
  reader.end();
  const error = t.throws(() => reader.next(), {
    code: "ERR_FRAME_TRUNCATED",
    message: "the channel ended in mid-message, after 5 of 10 bytes",
  });
  t.like(error, { received: 5, expected: 10 });
  t.is(reader.next(), undefined);
  t.is(reader.length, 0);
});

test("where the framing cannot know how much was due, nothing is said of it", (t) => {
  const reader = readerOf<string>(new TerminatorFraming({}), "utf8");
  reader.push(Buffer.from("12345"));
  reader.end();
  t.throws(() => reader.next(), { message: "the channel ended in mid-message, after 5 bytes" });
});

test("what was dropped in mid-message leaves no trace", (t) => {
  const reader = readerOf<string>(new ReadWriteFraming({}), "utf8");
  reader.push(Buffer.from("100\r\nnoise"));
  t.is(reader.next(), undefined);
  reader.restart();
  t.is(reader.length, 0);
  reader.push(Buffer.from("2\r\nok"));
  t.is(reader.next(), "ok");
});

/** A framing that answers each message with an upper-case copy made by itself, and takes two bytes at a time. */
class UpperCase implements Framing {
  decode<Message>(input: FrameInput<Message>): Message | undefined {
    return input.length < 2 ? undefined : input.message(Buffer.from(input.read(2).toString("latin1").toUpperCase()));
  }

  encode(payload: Uint8Array): Uint8Array {
    return payload;
  }
}

test("a framing may make messages of its own", (t) => {
  const texts = readerOf<string>(new UpperCase(), "latin1");
  texts.push(Buffer.from("abcd"));
  t.deepEqual([texts.next(), texts.next(), texts.next()], ["AB", "CD", undefined]);
  const buffers = readerOf<Buffer>(new UpperCase());
  buffers.push(Buffer.from("ab"));
  t.deepEqual(buffers.next(), Buffer.from("AB"));
});

/** A framing that gives the same message for ever. */
class TakesNothing implements Framing {
  decode<Message>(input: FrameInput<Message>): Message | undefined {
    return input.length === 0 ? undefined : input.message(Buffer.from("again"));
  }

  encode(payload: Uint8Array): Uint8Array {
    return payload;
  }
}

test("a decode that returns a message without taking a byte is an error that names the framing", (t) => {
  const reader = readerOf<string>(new TakesNothing(), "utf8");
  reader.push(Buffer.from("x"));
  const error = t.throws(() => reader.next(), { code: "ERR_FRAME_INVALID", message: /decode\(\) of TakesNothing/ });
  t.true(FramingError.is(error));
});

const TEXT = "a\u00E9\u20AC\u{1F600}z";

for (const encoding of ["utf8", "utf-8", "utf16le", "ucs2", "base64", "base64url", "hex", "latin1"] as const) {
  test(`where every read is a message, ${encoding} text is the same however it is cut`, (t) => {
    const bytes = Buffer.from(
      TEXT,
      encoding.startsWith("u") && encoding !== "utf8" && encoding !== "utf-8" ? "utf16le" : "utf8",
    );
    const whole = bytes.toString(encoding);
    for (let size = 1; size <= bytes.length; size++) {
      const reader = readerOf<string>(new BasicFraming({ messageEnd: "read" }, "persistent"), encoding);
      const texts: string[] = [];
      const take = (): void => {
        for (let text = reader.next(); text !== undefined; text = reader.next()) texts.push(text);
      };
      for (let at = 0; at < bytes.length; at += size) {
        reader.push(bytes.subarray(at, at + size));
        take();
      }
      reader.end();
      take();
      t.is(texts.join(""), whole, `in reads of ${size}`);
      t.false(texts.includes(""), "a part of a character is no message");
      t.true(reader.isOver);
    }
  });
}

test("a character that never becomes whole is a replacement character at the end", (t) => {
  const reader = readerOf<string>(new BasicFraming({ messageEnd: "read" }, "persistent"), "utf8");
  reader.push(Buffer.from([0x61, 0xe2, 0x82]));
  t.is(reader.next(), "a");
  t.is(reader.next(), undefined);
  reader.end();
  t.is(reader.next(), "\uFFFD");
  t.is(reader.next(), undefined);
  t.true(reader.isOver);
});

/** A reader of lines, and the faults that it survived. */
function lineReader(canResynchronise: boolean, interByteTimeoutMs = 0): [MessageReader<string>, ChannelError[]] {
  const survived: ChannelError[] = [];
  const makeFraming = (): Framing => new TerminatorFraming({ maxMessageSize: 4 });
  const settings = { makeFraming, encoding: "utf8" as const, interByteTimeoutMs };
  return [new MessageReader(settings, canResynchronise, (error) => survived.push(error)), survived];
}

test("flush() on a socket drops whole messages only: what is left of one is never read as another", (t) => {
  const [reader] = lineReader(false);
  reader.push(Buffer.from("a\r\nb\r\nc"));
  reader.flush();
  t.is(reader.length, 1);
  reader.push(Buffer.from("d\r\n"));
  t.is(reader.next(), "cd");
  reader.push(Buffer.from("x\r\ntoo long"));
  t.throws(() => reader.flush(), { code: "ERR_FRAME_TOO_LARGE" });
});

test("flush() on a line drops everything: what comes next is the beginning of a message", (t) => {
  const [reader] = lineReader(true);
  reader.push(Buffer.from("a\r\nb"));
  reader.flush();
  reader.push(Buffer.from("c\r\n"));
  t.is(reader.next(), "c");
});

test("a line is read on behind bad bytes: at once, or when it was silent; a socket never", (t) => {
  const [line, survived] = lineReader(true);
  line.push(Buffer.from("too long"));
  t.is(line.next(), undefined);
  line.push(Buffer.from("ok\r\n"));
  t.is(line.next(), "ok");
  t.is(survived.length, 1);

  const [quiet] = lineReader(true, 10);
  quiet.push(Buffer.from("too long"));
  t.is(quiet.next(), undefined);
  t.is(quiet.pending, "noise");
  quiet.push(Buffer.from("rest\r\n"));
  t.is(quiet.next(), undefined);
  t.false(quiet.silent());
  quiet.push(Buffer.from("ok\r\n"));
  t.is(quiet.next(), "ok");

  const [socket] = lineReader(false);
  socket.push(Buffer.from("too long"));
  t.throws(() => socket.next(), { code: "ERR_FRAME_TOO_LARGE" });
  socket.push(Buffer.from("ok\r\n"));
  t.is(socket.next(), undefined);
});

test("an end in noise is the end, and completes no message", (t) => {
  const [reader] = lineReader(true, 10);
  reader.push(Buffer.from("too long"));
  t.is(reader.next(), undefined);
  reader.end();
  t.is(reader.next(), undefined);
  t.true(reader.isOver);
});

test("says how many bytes a message took on the wire", (t) => {
  const [reader] = lineReader(false);
  reader.push(Buffer.from("ab\r\n\r\n"));
  t.is(reader.next(), "ab");
  t.is(reader.taken, 4);
  t.is(reader.next(), "");
  t.is(reader.taken, 2);
});
