import test from "ava";
import { ByteQueue } from "../../src/core/bytes/byte-queue.ts";
import { ShutdownFraming } from "../../src/framings/shutdown.ts";
import { readPieces } from "../../src/testing/readings.ts";

test("on the wire: the bytes and nothing else, in the memory that they are in", (t) => {
  const payload = Buffer.from("hello\r\n");
  t.is(new ShutdownFraming({}).encode(payload), payload);
});

test("the message ends with the sender's side of the channel, not before", (t) => {
  const framing = new ShutdownFraming({});
  const queue = new ByteQueue();
  queue.push(Buffer.from("one\r\n"));
  t.is(framing.decode(queue), undefined);
  queue.push(Buffer.from("two"));
  t.is(framing.decode(queue), undefined);
  t.is(queue.length, 8, "what is incomplete stays in the input");
  t.is(String(framing.decodeEnd(queue)), "one\r\ntwo");
  t.is(queue.length, 0);
});

test("an end without a byte is an empty message", (t) => {
  t.deepEqual(readPieces(new ShutdownFraming({}), []).messages.map(String), [""]);
});

test("devices that cannot half-close are told apart by what the class requires", (t) => {
  t.deepEqual([...ShutdownFraming.requires], ["half-close"]);
  t.is(ShutdownFraming.boundary, "half-close");
});
