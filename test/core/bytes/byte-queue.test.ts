import test from "ava";
import fc from "fast-check";
import { ByteQueue } from "../../../src/core/bytes/byte-queue.ts";

/** A queue and what it must hold, changed together. */
interface Model {
  bytes: Buffer;
}
type Command = fc.Command<Model, ByteQueue>;

function command(text: string, run: (model: Model, queue: ByteQueue) => void): Command {
  return { check: () => true, run, toString: () => text };
}

/** Few different bytes, so that a search has something to find; sizes around those at which the queue changes its ways. */
const pieces = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ max: 3, maxLength: 12 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(1000, 4095, 4096, 5000, 70_000).map((size) => Buffer.alloc(size, "\0\u{1}\u{1}")),
  },
);
/** The same objects each time, as a framing keeps its terminator; more of them than the queue remembers. */
const needles: readonly (number | Buffer)[] = [
  0,
  1,
  2,
  3,
  9,
  ...[[1], [0, 1], [1, 1], [1, 1, 2], [1, 0, 1, 0], [0, 1, 1, 0, 1, 1], [1, 1, 0, 1, 1, 1]].map((bytes) =>
    Buffer.from(bytes),
  ),
];

const commands = [
  pieces.map((piece) =>
    command(`push(${piece.length})`, (model, queue) => {
      queue.push(Buffer.from(piece));
      model.bytes = Buffer.concat([model.bytes, piece]);
    }),
  ),
  fc.double({ min: 0, max: 1, noNaN: true }).map((share) =>
    command(`at(${share})`, (model, queue) => {
      if (model.bytes.length === 0) return;
      const index = Math.floor(share * (model.bytes.length - 1));
      same(queue.at(index), model.bytes[index]);
    }),
  ),
  fc.constantFrom(...needles).map((needle) =>
    command(`indexOf(${JSON.stringify(needle)})`, (model, queue) => {
      same(queue.indexOf(needle), model.bytes.indexOf(needle));
    }),
  ),
  ...(["take", "read", "skip"] as const).map((method) =>
    fc.oneof(fc.nat(20), fc.nat(9000)).map((size) =>
      command(`${method}(${size})`, (model, queue) => {
        const length = Math.min(size, model.bytes.length);
        const found = queue[method](length);
        if (found !== undefined) same(found.toString("hex"), model.bytes.subarray(0, length).toString("hex"));
        model.bytes = model.bytes.subarray(length);
      }),
    ),
  ),
  fc.constant(
    command("clear", (model, queue) => {
      queue.clear();
      model.bytes = Buffer.alloc(0);
    }),
  ),
];

function same(found: unknown, due: unknown): void {
  if (found !== due) throw new Error(`found ${String(found)}, due ${String(due)}`);
}

test("does what one plain Buffer would, in any order of calls", (t) => {
  fc.assert(
    fc.property(fc.commands(commands, { maxCommands: 60, size: "max" }), (steps) => {
      const real = new ByteQueue();
      const model: Model = { bytes: Buffer.alloc(0) };
      fc.modelRun(() => ({ model, real }), steps);
      same(real.length, model.bytes.length);
      same(real.read(real.length).toString("hex"), model.bytes.toString("hex"));
    }),
    { numRuns: 400 },
  );
  t.pass();
});

test("a message in one piece is a view of it, one in several pieces is not", (t) => {
  const queue = new ByteQueue();
  const piece = Buffer.alloc(10_000, "a");
  queue.push(piece);
  queue.push(Buffer.alloc(10_000, "b"));
  const first = queue.take(6000);
  t.is(first.buffer, piece.buffer);
  t.is(first.byteOffset, piece.byteOffset);
  const second = queue.take(6000);
  t.not(second.buffer, piece.buffer);
  t.is(second.toString(), "a".repeat(4000) + "b".repeat(2000));
  t.true(Buffer.isBuffer(first) && Buffer.isBuffer(second));
  t.is(first.subarray(1, 3).toString(), "aa", "with everything that a Buffer can do");
});

test("nothing that was handed out is written to again, and writing to it harms nothing", (t) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 2, maxLength: 20 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 3000 }), (pushed, taken) => {
      const queue = new ByteQueue();
      const kept: Buffer[] = [];
      let next = 0;
      let due = 0;
      for (const size of pushed) {
        const start = next;
        queue.push(Buffer.from(Array.from({ length: size }, (_, index) => (start + index) % 251)));
        next += size;
        while (queue.length >= taken) {
          const message = queue.read(taken);
          for (const byte of message) same(byte, due++ % 251);
          kept.push(message.fill(255));
        }
      }
      same(
        kept.every((message) => message.every((byte) => byte === 255)),
        true,
      );
    }),
    { numRuns: 60 },
  );
  t.pass();
});

test("an empty queue holds no memory", (t) => {
  const queue = new ByteQueue();
  const piece = Buffer.alloc(70_000);
  queue.push(piece);
  queue.skip(70_000);
  t.not(queue.read(0).buffer, piece.buffer);
  t.is(queue.length, 0);
});

test("asking for what is not there is a RangeError, and changes nothing", (t) => {
  const queue = new ByteQueue();
  queue.push(Buffer.from("abc"));
  for (const length of [4, -1, Number.NaN]) {
    for (const method of ["take", "read", "skip"] as const) {
      t.throws(() => queue[method](length), { instanceOf: RangeError }, `${method}(${length})`);
    }
  }
  for (const index of [3, -1, Number.NaN]) t.throws(() => queue.at(index), { instanceOf: RangeError });
  t.is(queue.read(3).toString(), "abc");
});

test("bytes that were searched are not searched again, for several needles in turn", (t) => {
  const queue = new ByteQueue();
  queue.push(Buffer.from("a,b;c"));
  t.is(queue.indexOf(0x3b), 3);
  t.is(queue.indexOf(0x2c), 1);
  queue.skip(2);
  t.is(queue.indexOf(0x3b), 1, "the place is still known after a skip, and moves with it");
  t.is(queue.indexOf(0x2c), -1);
  queue.push(Buffer.from(",;"));
  t.is(queue.indexOf(0x2c), 3);
  t.is(queue.indexOf(0x3b), 1);
});

for (const encoding of ["utf8", "latin1", "ascii", "hex", "base64", "utf16le"] as const) {
  test(`as ${encoding}, a message is what its bytes decoded alone are`, (t) => {
    const text = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: "grapheme", maxLength: 20 }));
    const input = fc.array(
      fc.oneof(
        text.map((value) => Buffer.from(value)),
        fc.uint8Array({ maxLength: 20 }),
      ),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(input, fc.array(fc.nat(30), { maxLength: 30 }), (pushed, lengths) => {
        const queue = new ByteQueue<string>(encoding);
        for (const piece of pushed) queue.push(Buffer.from(piece));
        let bytes = Buffer.concat(pushed);
        for (const size of lengths) {
          const length = Math.min(size, bytes.length);
          same(queue.take(length), bytes.toString(encoding, 0, length));
          bytes = bytes.subarray(length);
        }
      }),
      { numRuns: 300 },
    );
    t.pass();
  });
}

test("a large piece is decoded too", (t) => {
  const queue = new ByteQueue<string>("utf8");
  queue.push(Buffer.alloc(200_000, "0123456789"));
  for (let at = 0; at < 200_000; at += 20) t.true(queue.take(20) === "01234567890123456789");
});
