/** Memory for bytes that are received and handed out where they lie. */
import { markAsUntransferable } from "node:worker_threads";
import { BufferView } from "../core/buffer-view.ts";

/** The blocks that are read into: while little comes at once, and while much does. */
const SMALL_BLOCK = 8192;
const LARGE_BLOCK = 65_536;
/** With less room than this, a new block is begun. */
const LEAST_ROOM = 4096;

/** What is left of the block under way. What was read into it is never written to again. */
let room: Buffer = Buffer.alloc(0);

/**
 * Reads bytes into fresh memory.
 *
 * @param read reads into the memory, and returns how many bytes, or a negative number.
 * @returns the bytes; `undefined` if the number was negative.
 */
export function receiveInto(read: (memory: Buffer) => number): Buffer | undefined {
  // Whatever has filled its block is followed by more.
  if (room.length < LEAST_ROOM) beginBlock(room.length === 0 && room.byteOffset > 0 ? LARGE_BLOCK : SMALL_BLOCK);
  const { buffer, byteOffset, length } = room;
  const count = read(room);
  if (count < 0) return undefined;
  room = new BufferView(buffer, byteOffset + count, length - count);
  return new BufferView(buffer, byteOffset, count);
}

function beginBlock(size: number): void {
  room = Buffer.allocUnsafeSlow(size);
  // Several messages share it.
  markAsUntransferable(room.buffer);
}
