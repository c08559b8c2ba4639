/** What a message that is kept holds in memory, and that it cannot be taken away with the memory of others. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { MessageChannel } from "node:worker_threads";
import test from "ava";
import { AsyncPersistentSocketWithTerminator } from "../../../generated/index.ts";
import { MessageReader } from "../../../src/core/messages/message-reader.ts";
import { ReadWriteFraming } from "../../../src/framings/read-write.ts";
import { TerminatorFraming } from "../../../src/framings/terminator.ts";
import { gate } from "../../support/channel-gates.ts";
import { rawServer } from "../../support/tcp-peers.ts";

const READ_BYTES = 65_536;
const READS = 1000;
const MIB = 1024 * 1024;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function inputOf<Message extends string | Buffer>(encoding?: BufferEncoding): MessageReader<Message> {
  const settings = { makeFraming: () => new TerminatorFraming({}), encoding, interByteTimeoutMs: 0 };
  return new MessageReader<Message>(settings, false, () => undefined);
}

/** Reads full of lines of 14 bytes; of each read one line is kept. */
function keepOneOfEachRead<Message extends string | Buffer>(encoding?: BufferEncoding): Message[] {
  const input = inputOf<Message>(encoding);
  const kept: Message[] = [];
  for (let read = 0; read < READS; read++) {
    input.push(Buffer.alloc(READ_BYTES, "fourteen bytes\r\n"));
    const first = kept.length;
    for (let message = input.next(); message !== undefined; message = input.next()) {
      if (kept.length === first) kept.push(message);
    }
  }
  return kept;
}

test("1,000 kept messages of 14 bytes do not keep the reads that they came in", (t) => {
  const kept = keepOneOfEachRead<Buffer>();
  t.is(kept.length, READS);
  t.true(kept.every((message) => message.toString() === "fourteen bytes"));
  const memories = new Set(kept.map(({ buffer }) => buffer));
  const held = [...memories].reduce((sum, { byteLength }) => sum + byteLength, 0);
  t.true(held < 5 * MIB, `${held} bytes are held`);
});

test.serial("1,000 kept strings of 14 characters do not keep the texts that they were cut out of", (t) => {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const kept = keepOneOfEachRead<string>("utf8");
  collectGarbage();
  const held = process.memoryUsage().heapUsed - before;
  t.is(kept.length, READS);
  t.true(kept.every((message) => message === "fourteen bytes"));
  t.true(held < 8 * MIB, `${held} bytes are held`);
});

test("messages of every size have their bytes, and hold at most a few times as much, or a page", (t) => {
  const sizes = [0, 1, 14, 64, 1000, 1024, 1025, 4000, 16_000, 17_000, 40_000];
  const settings = { makeFraming: () => new ReadWriteFraming({}), encoding: undefined, interByteTimeoutMs: 0 };
  const input = new MessageReader<Buffer>(settings, false, () => undefined);
  const messages = sizes.flatMap((size) => [0, 1, 2].map((turn) => Buffer.alloc(size, `${size}.${turn};`)));
  const stream = Buffer.concat(messages.flatMap((message) => [Buffer.from(`${message.length}\r\n`), message]));
  const got: Buffer[] = [];
  for (let at = 0; at < stream.length; at += READ_BYTES) {
    input.push(Buffer.from(stream.buffer.slice(stream.byteOffset + at, stream.byteOffset + at + READ_BYTES)));
    for (let message = input.next(); message !== undefined; message = input.next()) got.push(message);
  }
  t.is(got.length, messages.length);
  for (const [index, message] of got.entries()) {
    t.true(message.equals(messages[index] as Buffer), `message ${index}`);
    t.true(
      message.buffer.byteLength <= Math.max(8192, message.length * 4 + 8),
      `message ${index} of ${message.length}`,
    );
  }
});

test("a message that is written to changes no other", (t) => {
  const input = inputOf<Buffer>();
  input.push(Buffer.alloc(READ_BYTES, "fourteen bytes\r\n"));
  for (let message = input.next(); message !== undefined; message = input.next()) {
    t.is(message.toString(), "fourteen bytes");
    message.fill(0);
  }
});

/** Node.js refuses the transfer from version 21 on; before that it copies, and nothing is taken away. */
const REFUSES = Number(process.versions.node.split(".", 1)[0]) >= 21;

for (const size of [14, 5000]) {
  test(`the memory of messages of ${size} bytes cannot be taken away: other messages lie in it`, async (t) => {
    const { port1 } = new MessageChannel();
    await using server = await rawServer((socket) => socket.write(`${"x".repeat(size)}\r\n`.repeat(20)));
    const faults: string[] = [];
    const messages: Buffer[] = [];
    const all = gate();
    const channel = new AsyncPersistentSocketWithTerminator({
      ...server.address,
      processData: async (message) => {
        messages.push(message);
        if (messages.length === 20) all.open();
        await Promise.resolve();
        try {
          port1.postMessage(message, [message.buffer as ArrayBuffer]);
        } catch (error) {
          faults.push((error as Error).name);
        }
      },
    });
    await channel.connect();
    await all.passed;
    await channel.close();
    t.true(messages.every((message) => message.toString() === "x".repeat(size)));
    t.deepEqual(faults, REFUSES ? Array.from({ length: 20 }, () => "DataCloneError") : []);
    port1.close();
  });
}
