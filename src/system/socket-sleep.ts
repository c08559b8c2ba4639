/** Waiting for bytes in the call that reads them: half the system calls of an exchange. Linux only. */
import { type LinuxConstants, linuxConstants } from "./constants.ts";
import { interruptionPoint, LONGEST_SLICE_MS, waitReadable } from "./descriptors.ts";
import { foreignFunctions } from "./library.ts";
import { receivedBytes, receivingMemory } from "./received-bytes.ts";
import { receive } from "./sockets.ts";
import { isTransient, lastErrno, SystemError, systemCall } from "./system-error.ts";

/** The system counts in ticks here: a read may last a few milliseconds longer than its slice. */
const LONGEST_READ_MS = LONGEST_SLICE_MS + 20;

const functions = foreignFunctions(({ declare }) => ({
  recv: declare<[fd: number, memory: Uint8Array, length: number, flags: number]>(
    "long recv(int fd, void *memory, size_t length, int flags)",
  ),
  setsockopt: declare<[fd: number, level: number, name: number, value: Uint8Array, length: number]>(
    "int setsockopt(int fd, int level, int name, void *value, unsigned int length)",
  ),
  fcntl: declare<[fd: number, command: number, type: "int", value: number]>("int fcntl(int fd, int command, ...)"),
}));

/** Has reads of a socket wait for bytes, for a slice at most: it has to be this thread's alone. */
export function sleepInReceive(fd: number): void {
  const { F_SETFL, SOL_SOCKET, SO_RCVTIMEO } = linuxConstants() as LinuxConstants;
  const { fcntl, setsockopt } = functions();
  const slice = kernelTime(LONGEST_SLICE_MS);
  systemCall("setsockopt", () => setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, slice, slice.length));
  // All flags that can be set are off then, O_NONBLOCK among them.
  systemCall("fcntl", () => fcntl(fd, F_SETFL, "int", 0));
}

/**
 * Reads from a socket for which {@link sleepInReceive} was called, and blocks the thread until bytes or the end are there,
 * or the time is over.
 *
 * @returns the bytes, none at the end of the stream; `undefined` if nothing has come.
 * @throws SystemError `ECONNRESET` and others.
 */
export function receiveAsleep(fd: number, timeoutMs: number): Buffer | undefined {
  const deadline = performance.now() + timeoutMs;
  const { recv } = functions();
  for (let left = timeoutMs; left > LONGEST_READ_MS; left = deadline - performance.now()) {
    const memory = receivingMemory();
    const count = recv(fd, memory, memory.length, 0);
    if (count >= 0) return receivedBytes(count);
    const errno = lastErrno();
    if (!isTransient(errno)) throw new SystemError("recv", errno);
    interruptionPoint();
  }
  // The end of the time is for `poll`, which counts exactly.
  for (;;) {
    if (!waitReadable(fd, deadline - performance.now())) return undefined;
    const bytes = receive(fd);
    if (bytes !== undefined) return bytes;
  }
}

/** A `struct timeval` of the kernel: seconds and microseconds, each as long as a pointer. */
function kernelTime(ms: number): Uint8Array {
  const isShort = process.arch === "arm" || process.arch === "ia32";
  const parts = [Math.floor(ms / 1000), (ms % 1000) * 1000];
  const words = isShort ? Int32Array.from(parts) : BigInt64Array.from(parts, BigInt);
  return new Uint8Array(words.buffer);
}
