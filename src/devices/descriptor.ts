/** Reading and writing a descriptor that does not block, without an exception for "not yet". */
import { readSync, writeSync } from "node:fs";

/** How much is read at once. */
const SLAB_SIZE = 65_536;
/** Read into again and again; what is handed out is copied from it. */
const slab = Buffer.allocUnsafeSlow(SLAB_SIZE);

/**
 * Runs a system call that may answer "not yet".
 *
 * @returns what it answered, or `undefined` for "not yet".
 */
export function unlessNotYet<Result>(call: () => Result): Result | undefined {
  // Most of what such an answer costs is the stack that its exception would carry.
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return call();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EAGAIN" || code === "EINTR") return undefined;
    throw error;
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Bytes that are there, none at the end, or `undefined` if there are none yet. */
export function readDescriptor(fd: number): Buffer | undefined {
  const length = unlessNotYet(() => readSync(fd, slab, 0, SLAB_SIZE, null));
  return length === undefined ? undefined : Buffer.from(slab.subarray(0, length));
}

/** How many of the bytes from `offset` on the system took, 0 if none yet. */
export function writeDescriptor(fd: number, bytes: Uint8Array, offset: number): number {
  return unlessNotYet(() => writeSync(fd, bytes, offset)) ?? 0;
}
