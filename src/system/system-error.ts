/** Errors of system calls, and the one place that handles interrupted calls. */
import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";
import { loadedLibrary } from "./library.ts";

const { EAGAIN, EINTR } = constants.errno;

/** A system call failed. It has the shape of the errors of Node.js: `code` is what to match. */
export class SystemError extends Error {
  /** The name of the error, `ECONNRESET` for instance. */
  readonly code: string;
  /** The system call that failed. */
  readonly syscall: string;

  /**
   * @param errno the error number of this system.
   * @param detail what the call was about, for people.
   */
  constructor(syscall: string, errno: number, detail = "") {
    const [code, text] = nameOf(errno);
    super(`${syscall} ${code}${detail === "" ? "" : ` ${detail}`}: ${text}`);
    this.code = code;
    this.syscall = syscall;
    Object.defineProperty(this, "name", { value: "SystemError" });
  }
}

function nameOf(errno: number): readonly [code: string, text: string] {
  const known = getSystemErrorMap().get(-errno);
  if (known !== undefined) return known;
  const [code] = Object.entries(constants.errno).find(([, number]) => number === errno) ?? [`E${errno}`];
  return [code, "the system call failed"];
}

/** The error number of the last system call of this thread. Nothing may come between the two. */
export function lastErrno(): number {
  return loadedLibrary().errno();
}

/** Whether a call that does not wait may succeed later: there was nothing yet, or a signal came at the same time. */
export function isTransient(errno: number): boolean {
  return errno === EAGAIN || errno === EINTR;
}

/**
 * Makes a system call once.
 *
 * @returns its result, or the negative error number.
 */
export function attempt(call: () => number): number {
  const result = call();
  return result < 0 ? -lastErrno() : result;
}

/** As {@link attempt}, and makes the call again when a signal has interrupted it. */
export function uninterrupted(call: () => number): number {
  for (;;) {
    const result = attempt(call);
    if (result !== -EINTR) return result;
  }
}

/**
 * Makes a system call, again if a signal interrupts it.
 *
 * @returns its result, which is not negative.
 * @throws SystemError whatever else it failed with.
 */
export function systemCall(syscall: string, call: () => number): number {
  const result = uninterrupted(call);
  if (result < 0) throw new SystemError(syscall, -result);
  return result;
}
