/** What Linux calls a thread. */
import { readlinkSync } from "node:fs";

/** The number that Linux has given the thread that asks; 0 on other systems, and where it cannot be known. */
export function systemThreadId(): number {
  if (process.platform !== "linux") return 0;
  try {
    const [, owner, thread] = /^(\d+)\/task\/(\d+)$/.exec(readlinkSync("/proc/thread-self")) ?? [];
    // Numbers of another name space would be those of others here.
    return Number(owner) === process.pid ? Number(thread) : 0;
  } catch {
    return 0;
  }
}
