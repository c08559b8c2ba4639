/** Reading and writing a descriptor, without an exception for "not yet". */
import { readSync, writeSync } from "node:fs";
import { markAsUntransferable } from "node:worker_threads";
import { BufferView } from "../core/buffer-view.ts";

/** The blocks that are read into: while little comes at once, and while much does. */
const SMALL_BLOCK = 8192;
const LARGE_BLOCK = 65_536;
/** With less room than this, a new block is begun. */
const LEAST_ROOM = 4096;

/** What is read is handed out where it lies, and never written to again. */
let block: ArrayBufferLike = new ArrayBuffer(0);
let target = Buffer.from(block);
let used = 0;

function beginBlock(size: number): void {
  target = Buffer.allocUnsafeSlow(size);
  block = target.buffer;
  used = 0;
  // It is shared by whoever has bytes in it.
  markAsUntransferable(block);
}

/**
 * Runs a system call that may answer "not yet".
 *
 * @returns what it answered, or `undefined` for "not yet".
 */
export function unlessNotYet<Result>(call: () => Result): Result | undefined {
  // Most of what such an answer costs is the stack that its exception would carry.
  const limit = Error.stackTraceLimit;
  const isWritable = setStackTraceLimit(0);
  try {
    return call();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EAGAIN" || code === "EINTR") return undefined;
    throw error;
  } finally {
    if (isWritable) setStackTraceLimit(limit);
  }
}

/** Bytes that are there, none at the end, or `undefined` if there are none yet. */
export function readDescriptor(fd: number): Buffer | undefined {
  if (target.length - used < LEAST_ROOM) beginBlock(used > 0 && used === target.length ? LARGE_BLOCK : SMALL_BLOCK);
  const start = used;
  const length = unlessNotYet(() => readSync(fd, target, start, target.length - start, null));
  if (length === undefined) return undefined;
  used += length;
  return new BufferView(block, start, length);
}

/** How many of the bytes from `offset` on the system took, 0 if none yet. */
export function writeDescriptor(fd: number, bytes: Uint8Array, offset: number): number {
  return unlessNotYet(() => writeSync(fd, bytes, offset)) ?? 0;
}

/** @returns whether it could be set: not where `Error` is frozen. */
function setStackTraceLimit(limit: number): boolean {
  return Reflect.set(Error, "stackTraceLimit", limit);
}
