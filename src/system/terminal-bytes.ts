/** The bytes of a terminal, read and written without waiting. The descriptor must have been opened so. */
import { foreignFunctions } from "./library.ts";
import { receivedBytes, receivingMemory } from "./received-bytes.ts";
import { isTransient, lastErrno, SystemError } from "./system-error.ts";

const functions = foreignFunctions(({ declare }) => ({
  read: declare<[fd: number, memory: Uint8Array, length: number]>("long read(int fd, void *memory, size_t length)"),
  write: declare<[fd: number, memory: Uint8Array, length: number]>("long write(int fd, void *memory, size_t length)"),
}));

/**
 * Reads what has come in.
 *
 * @returns the bytes; `undefined` if nothing is there yet. None: the line is gone, or somebody has set the terminal so that
 * a read does not wait, or an end of file was sent; only `hasHungUp` knows which.
 * @throws SystemError `EIO` if the line is gone.
 */
export function readSome(fd: number): Buffer | undefined {
  const memory = receivingMemory();
  const count = functions().read(fd, memory, memory.length);
  if (count >= 0) return receivedBytes(count);
  const errno = lastErrno();
  if (isTransient(errno)) return undefined;
  throw new SystemError("read", errno);
}

/**
 * Writes as much as the driver takes.
 *
 * @returns how many of the bytes that was, 0 if none at present.
 * @throws SystemError `EIO` if the line is gone.
 */
export function writeSome(fd: number, bytes: Uint8Array): number {
  const count = functions().write(fd, bytes, bytes.length);
  if (count >= 0) return count;
  const errno = lastErrno();
  if (isTransient(errno)) return 0;
  throw new SystemError("write", errno);
}
