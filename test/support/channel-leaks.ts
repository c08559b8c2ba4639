/** Watches over what a test leaves behind: descriptors, timers, and whatever else keeps the process alive. */
import { readdirSync, readlinkSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import type { ExecutionContext, Implementation } from "ava";

/** How long closing may take to come through: the system closes a little after it is told to. */
const LONGEST_WAIT_MS = 5000;

/** What passes by itself: work that is done, or about to be. */
const PASSING = new Set(["Immediate", "TickObject", "FSReqCallback", "FSReqPromise"]);

/** A test that fails if it leaves anything behind. For tests that run one at a time. */
export function leavesNothing(body: (t: ExecutionContext) => Promise<void>): Implementation<[]> {
  return async (t) => {
    const before = held();
    await body(t);
    let left = excess(held(), before);
    for (const deadline = performance.now() + LONGEST_WAIT_MS; left.length > 0 && performance.now() < deadline;) {
      await turn();
      left = excess(held(), before);
    }
    t.deepEqual(left, [], "everything is released");
  };
}

/** What the process holds at the moment: what keeps it alive, and its open sockets, pipes and terminals. */
export function held(): string[] {
  return [...process.getActiveResourcesInfo().filter((name) => !PASSING.has(name)), ...descriptors()];
}

/** What is in `now` more often than in `before`. */
function excess(now: readonly string[], before: readonly string[]): string[] {
  const rest = [...before];
  return now.filter((name) => {
    const at = rest.indexOf(name);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

/** The open sockets and terminals, where the system tells. */
function descriptors(): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return /^(socket|pipe):|^\/dev\/(pts|tty)/.test(target) ? [target] : [];
    } catch {
      return []; // The descriptor that was used for looking.
    }
  });
}
