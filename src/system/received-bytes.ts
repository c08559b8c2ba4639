/** Memory for bytes that are received and handed out where they lie. */
import { markAsUntransferable } from "node:worker_threads";
import { BufferView } from "../core/bytes/buffer-view.ts";

/** The blocks that are read into: while little comes at once, and while much does. */
const SMALL_BLOCK = 4096;
const LARGE_BLOCK = 65_536;
/** With less room than this, a new block is begun. */
const LEAST_ROOM = 1024;

/** What is left of the block under way. What was read into it is never written to again. */
let room: Buffer = Buffer.alloc(0);

/** Memory to read into; then {@link receivedBytes}. */
export function receivingMemory(): Buffer {
  if (room.length >= LEAST_ROOM) return room;
  // What has filled its block is followed by more.
  room = Buffer.allocUnsafeSlow(room.length === 0 && room.byteOffset > 0 ? LARGE_BLOCK : SMALL_BLOCK);
  // Several messages share it.
  markAsUntransferable(room.buffer);
  return room;
}

/** The first bytes of the {@link receivingMemory}, which belong to the caller from now on. */
export function receivedBytes(count: number): Buffer {
  const { buffer, byteOffset, length } = room;
  room = new BufferView(buffer, byteOffset + count, length - count);
  return new BufferView(buffer, byteOffset, count);
}
