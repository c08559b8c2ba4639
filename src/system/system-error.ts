/** Errors of system calls, and the one place that handles interrupted calls. */
import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";
import { loadedLibrary } from "./library.ts";

const { EINTR } = constants.errno;

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

/**
 * Makes a system call once.
 *
 * @returns its result, or the negative error number.
 */
export function attempt(call: () => number): number {
  const result = call();
  // Nothing may come between a call and its error number.
  return result < 0 ? -loadedLibrary().errno() : result;
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
