/** Work per byte must not grow with the length of a message. Two sizes are compared with each other, in one run. */
import test from "ava";
import { ByteQueue } from "../../src/core/byte-queue.ts";
import type { Framing } from "../../src/core/framing.ts";
import { MessageReader } from "../../src/core/message-reader.ts";
import { ReadWriteFraming } from "../../src/framings/read-write.ts";
import { ShutdownFraming } from "../../src/framings/shutdown.ts";
import { TerminatorFraming } from "../../src/framings/terminator.ts";
import { joined } from "../support/framing-conformance.ts";

const KIB = 1024;
/** What quadratic work would exceed by far: it would be the ratio of the sizes. */
const MOST_GROWTH = 4;
const SIZES_RATIO = 16;

/** Milliseconds per byte, the best of several runs, so that a pause of the machine does not count. */
function costPerByte(size: number, run: (size: number) => void): number {
  const durations = Array.from({ length: 5 }, () => {
    const start = performance.now();
    run(size);
    return performance.now() - start;
  });
  return Math.min(...durations) / size;
}

function growth(size: number, run: (size: number) => void): number {
  run(size);
  return costPerByte(size * SIZES_RATIO, run) / costPerByte(size, run);
}

/** Reads one message of `size` bytes, in pieces. */
function readInPieces(framing: Framing, size: number, pieceSize: number): void {
  const stream = joined(framing.encode(Buffer.alloc(size, "x")));
  const reader = new MessageReader<Buffer>(framing, undefined);
  let message: Buffer | undefined;
  for (let at = 0; at < stream.length; at += pieceSize) {
    reader.push(stream.subarray(at, at + pieceSize));
    message ??= reader.next();
  }
  reader.end();
  message ??= reader.next();
  if (message?.length !== size) throw new Error(`a message of ${size} bytes came with ${message?.length}`);
}

const maxMessageSize = 64 * KIB * KIB;
const framings: Readonly<Record<string, () => Framing>> = {
  "terminator of one byte": () => new TerminatorFraming({ terminator: "\n", maxMessageSize }),
  "terminator of two bytes": () => new TerminatorFraming({ maxMessageSize }),
  "terminator of many bytes": () => new TerminatorFraming({ terminator: "xxxxxxxx-end", maxMessageSize }),
  "length prefix": () => new ReadWriteFraming({ maxMessageSize }),
  "half-close": () => new ShutdownFraming({ maxMessageSize }),
};

for (const [name, create] of Object.entries(framings)) {
  test.serial(`1 MiB in pieces of 1 byte costs no more per byte than 64 KiB: ${name}`, (t) => {
    const ratio = growth(64 * KIB, (size) => readInPieces(create(), size, 1));
    t.true(ratio < MOST_GROWTH, `${ratio.toFixed(1)} times as much`);
  });

  test.serial(`16 MiB in pieces of 4 KiB cost no more per byte than 1 MiB: ${name}`, (t) => {
    const ratio = growth(KIB * KIB, (size) => readInPieces(create(), size, 4 * KIB));
    t.true(ratio < MOST_GROWTH, `${ratio.toFixed(1)} times as much`);
  });
}

test.serial("many messages that wait in one queue cost no more each than few", (t) => {
  const ratio = growth(64 * KIB, (size) => {
    const reader = new MessageReader<Buffer>(new TerminatorFraming({}), undefined);
    for (let at = 0; at < size; at += 4096) reader.push(Buffer.alloc(4096, "a message\r\n"));
    while (reader.next() !== undefined);
  });
  t.true(ratio < MOST_GROWTH, `${ratio.toFixed(1)} times as much`);
});

test.serial(
  "looking at each byte in turn, and for two needles in turn, costs no more per byte in a long message",
  (t) => {
    const ratio = growth(64 * KIB, (size) => {
      const queue = new ByteQueue();
      for (let at = 0; at < size; at += 64) {
        queue.push(Buffer.alloc(64, "x"));
        if (queue.indexOf(10) + queue.indexOf(13) !== -2) throw new Error("found what is not there");
      }
      for (let at = 0; at < size; at++) if (queue.at(at) !== 120) throw new Error("not what was pushed");
    });
    t.true(ratio < MOST_GROWTH, `${ratio.toFixed(1)} times as much`);
  },
);
