/** Work per byte must not grow with the length of a message. Two sizes are compared with each other, in one run. */
import test from "ava";
import { ByteQueue } from "../../../src/core/bytes/byte-queue.ts";
import type { Framing } from "../../../src/core/framing.ts";
import { ReadWriteFraming } from "../../../src/framings/read-write.ts";
import { ShutdownFraming } from "../../../src/framings/shutdown.ts";
import { TerminatorFraming } from "../../../src/framings/terminator.ts";
import { joined, readerOf } from "../../../src/testing/readings.ts";

const KIB = 1024;
const SIZES_RATIO = 16;
/** Half of what quadratic work would come to. Linear work is near 1, but for the pauses of a busy machine. */
const MOST_GROWTH = SIZES_RATIO / 2;

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
  const reader = readerOf<Buffer>(framing);
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
}

for (const needle of [10, Buffer.from("\r\n"), Buffer.from("a-long-terminator")]) {
  const overlap = typeof needle === "number" ? 0 : needle.length - 1;
  test(`each byte is searched once, however many pieces wait: ${overlap + 1} bytes`, (t) => {
    const tally = { calls: 0, bytes: 0 };
    const queue = new ByteQueue();
    const pieces = 1000;
    for (let index = 0; index < pieces; index++) {
      queue.push(tallied(Buffer.alloc(4096, "x"), tally));
      t.is(queue.indexOf(needle), -1);
    }
    t.true(tally.bytes >= pieces * (4096 - overlap), "the tally works");
    t.true(tally.bytes <= pieces * (4096 + overlap), `${tally.bytes} bytes were searched`);
    t.true(tally.calls <= pieces * 2, `in ${tally.calls} searches`);
  });
}

/** A piece that keeps a tally of how much of it is searched. */
function tallied(piece: Buffer, tally: { calls: number; bytes: number }): Buffer {
  const plain = piece.subarray();
  const indexOf = (needle: number | Uint8Array, from = 0): number => {
    const found = plain.indexOf(needle, from);
    tally.calls++;
    tally.bytes += Math.max(0, (found < 0 ? piece.length : found + 1) - from);
    return found;
  };
  return Object.defineProperty(piece, "indexOf", { value: indexOf });
}

test.serial("many messages that wait in one queue cost no more each than few", (t) => {
  const ratio = growth(64 * KIB, (size) => {
    const reader = readerOf<Buffer>(new TerminatorFraming({}));
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
