/** Reading, writing and closing connected sockets, without waiting. */
import { closeSync } from "node:fs";
import { constants } from "node:os";
import { foreignFunctions } from "./library.ts";
import { receivedBytes, receivingMemory } from "./received-bytes.ts";
import { attempt, isTransient, lastErrno, SystemError } from "./system-error.ts";

const { ENOTCONN, EPROTOTYPE } = constants.errno;

const functions = foreignFunctions(({ declare, constants: numbers }) => ({
  numbers,
  receiving: numbers.MSG_DONTWAIT,
  sending: numbers.MSG_DONTWAIT | numbers.MSG_NOSIGNAL,
  recv: declare<[fd: number, memory: Uint8Array, length: number, flags: number]>(
    "long recv(int fd, void *memory, size_t length, int flags)",
  ),
  send: declare<[fd: number, memory: Uint8Array, length: number, flags: number]>(
    "long send(int fd, void *memory, size_t length, int flags)",
  ),
  shutdown: declare<[fd: number, how: number]>("int shutdown(int fd, int how)"),
  setsockopt: declare<[fd: number, level: number, name: number, value: Int32Array, length: number]>(
    "int setsockopt(int fd, int level, int name, void *value, unsigned int length)",
  ),
}));

/**
 * Reads what has come in, without waiting.
 *
 * @returns the bytes, none at the end of the stream; `undefined` if nothing is there yet.
 * @throws SystemError `ECONNRESET` and others.
 */
export function receive(fd: number): Buffer | undefined {
  const memory = receivingMemory();
  const count = functions().recv(fd, memory, memory.length, functions().receiving);
  if (count >= 0) return receivedBytes(count);
  const errno = lastErrno();
  if (isTransient(errno)) return undefined;
  throw new SystemError("recv", errno);
}

/**
 * Writes as much as the system takes without waiting.
 *
 * @returns how many of the bytes that was, 0 if none at present.
 * @throws SystemError `EPIPE`, `ECONNRESET` and others.
 */
export function sendSome(fd: number, bytes: Uint8Array): number {
  const count = functions().send(fd, bytes, bytes.length, functions().sending);
  if (count >= 0) return count;
  const errno = lastErrno();
  // macOS: the other end is closing at this moment; the next call says how.
  if (isTransient(errno) || errno === EPROTOTYPE) return 0;
  throw new SystemError("send", errno);
}

/**
 * Closes the sending side: the other end reads the end of the stream after what was sent.
 *
 * @throws SystemError if that cannot be done; a connection that is gone already is no error.
 */
export function halfClose(fd: number): void {
  const { shutdown, numbers } = functions();
  const result = attempt(() => shutdown(fd, numbers.SHUT_WR));
  if (result < 0 && result !== -ENOTCONN) throw new SystemError("shutdown", -result);
}

/** Closes a socket so that the other end sees a reset and no end: what it has got is not all there was. */
export function reset(fd: number): void {
  const { setsockopt, numbers } = functions();
  const lingerForNoTime = Int32Array.of(1, 0);
  attempt(() => setsockopt(fd, numbers.SOL_SOCKET, numbers.SO_LINGER, lingerForNoTime, lingerForNoTime.byteLength));
  closeSync(fd);
}
