/** Waiting for descriptors, and descriptors that belong to the thread that calls. */
import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import { linuxConstants, type SystemConstants } from "./constants.ts";
import { foreignFunctions } from "./library.ts";
import { attempt, lastErrno, SystemError, systemCall } from "./system-error.ts";

const { EBADF, EBUSY, EINTR } = constants.errno;

/** A wait never lasts longer at a time: then JavaScript looks whether the thread is to end. */
export const LONGEST_SLICE_MS = 100;

/** What a descriptor is waited for, and what it is ready for: a sum of these. */
export const READABLE = 1;
export const WRITABLE = 2;

const functions = foreignFunctions(({ declare, constants: numbers }) => ({
  numbers,
  poll: declare<[fds: Int32Array, count: number, timeoutMs: number]>(
    // `nfds_t` is not the same type everywhere.
    process.platform === "linux"
      ? "int poll(void *fds, unsigned long count, int timeout)"
      : "int poll(void *fds, unsigned int count, int timeout)",
  ),
  dup2: declare<[from: number, to: number]>("int dup2(int from, int to)"),
  fcntl: declare<[fd: number, command: number, type: "int", value: number]>("int fcntl(int fd, int command, ...)"),
}));

const linuxFunctions = foreignFunctions(({ declare }) => ({
  dup3: declare<[from: number, to: number, flags: number]>("int dup3(int from, int to, int flags)"),
}));

/** A `struct pollfd`: the descriptor, then what is asked for and what is answered in 16 bits each. */
const polled = new Int32Array(2);
const polledEvents = new Int16Array(polled.buffer);
const ASKED = 2;
const ANSWERED = 3;

const neverSignalled = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/**
 * Blocks the thread until a descriptor is ready, or the time is over. A descriptor with an error or an end counts as ready
 * for what it is waited for: reading or writing then says which.
 *
 * @param interest what to wait for: {@link READABLE}, {@link WRITABLE}, or both.
 * @param timeoutMs how long; 0 or less only looks, infinite has no limit.
 * @returns what it is ready for, 0 if nothing when the time is over.
 * @throws SystemError `EBADF` for a descriptor that is closed, or that cannot be waited for.
 */
export function waitFor(fd: number, interest: number, timeoutMs: number): number {
  const { poll, numbers } = functions();
  const deadline = timeoutMs > 0 ? performance.now() + timeoutMs : 0;
  polled[0] = fd;
  polledEvents[ASKED] =
    ((interest & READABLE) === 0 ? 0 : numbers.POLLIN) | ((interest & WRITABLE) === 0 ? 0 : numbers.POLLOUT);
  for (let left = timeoutMs; ; left = deadline - performance.now()) {
    // Rounded up: a wait that ends too early would be followed by others of no length.
    const slice = left > LONGEST_SLICE_MS ? LONGEST_SLICE_MS : left > 0 ? Math.ceil(left) : 0;
    const count = poll(polled, 1, slice);
    if (count > 0) return readiness(interest, polledEvents[ANSWERED] as number, numbers);
    if (count < 0) checkInterrupted(lastErrno());
    if (left <= slice && count === 0) return 0;
    interruptionPoint();
  }
}

/** A signal is no reason to wait for longer than was asked: the time is looked at again. */
function checkInterrupted(errno: number): void {
  if (errno !== EINTR) throw new SystemError("poll", errno);
}

function readiness(interest: number, answered: number, numbers: SystemConstants): number {
  if ((answered & numbers.POLLNVAL) !== 0) throw new SystemError("poll", EBADF);
  const ready =
    ((answered & numbers.POLLIN) === 0 ? 0 : READABLE) | ((answered & numbers.POLLOUT) === 0 ? 0 : WRITABLE);
  // Hang-ups and errors are answered without being asked for.
  return ready === 0 ? interest : ready & interest;
}

/**
 * Blocks the thread until bytes, an end or an error can be read from a descriptor.
 *
 * @returns whether that was so before the time was over.
 * @throws SystemError as {@link waitFor}.
 */
export function waitReadable(fd: number, timeoutMs: number): boolean {
  return waitFor(fd, READABLE, timeoutMs) !== 0;
}

/**
 * Blocks the thread until a descriptor takes bytes, or has an error.
 *
 * @returns whether that was so before the time was over.
 * @throws SystemError as {@link waitFor}.
 */
export function waitWritable(fd: number, timeoutMs: number): boolean {
  return waitFor(fd, WRITABLE, timeoutMs) !== 0;
}

/**
 * Whether what a descriptor refers to is gone: a line that hung up, a peer that has closed both sides.
 *
 * @throws SystemError as {@link waitFor}.
 */
export function hasHungUp(fd: number): boolean {
  const { poll, numbers } = functions();
  polled[0] = fd;
  polledEvents[ASKED] = 0;
  const count = systemCall("poll", () => poll(polled, 1, 0));
  return count > 0 && ((polledEvents[ANSWERED] as number) & numbers.POLLHUP) !== 0;
}

/** Blocks the thread for so long, and lets it be terminated meanwhile. */
export function pause(ms: number): void {
  Atomics.wait(neverSignalled, 0, 0, ms);
}

/** JavaScript that only makes system calls never notices that its thread is terminated; here it does. */
export function interruptionPoint(): void {
  pause(0);
}

/**
 * A second descriptor for what another one refers to. Node.js counts it as opened by the thread that calls, so that it is
 * closed when that thread ends; child processes do not inherit it.
 *
 * @throws SystemError, or an error of Node.js, if there is no descriptor left.
 */
export function duplicate(fd: number): number {
  // Node.js only tracks what it has opened itself; which file that is does not matter.
  const tracked = openSync("/dev/null", "r");
  try {
    const onLinux = linuxConstants();
    if (onLinux === undefined) duplicateByFcntl(fd, tracked);
    else duplicateByDup3(fd, tracked, onLinux.O_CLOEXEC);
    return tracked;
  } catch (error) {
    closeSync(tracked);
    throw error;
  }
}

function duplicateByDup3(fd: number, tracked: number, flags: number): void {
  const { dup3 } = linuxFunctions();
  for (;;) {
    const result = attempt(() => dup3(fd, tracked, flags));
    if (result >= 0) return;
    if (result !== -EINTR && result !== -EBUSY) throw new SystemError("dup3", -result);
  }
}

function duplicateByFcntl(fd: number, tracked: number): void {
  const { dup2, fcntl, numbers } = functions();
  systemCall("dup2", () => dup2(fd, tracked));
  systemCall("fcntl", () => fcntl(tracked, numbers.F_SETFD, "int", numbers.FD_CLOEXEC));
}
