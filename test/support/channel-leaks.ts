/** Watches over what a test leaves behind: descriptors, timers, and whatever else keeps the process alive. */
import { readdirSync, readlinkSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import type { ExecutionContext, Implementation } from "ava";

/** How long closing may take to come through: the system closes a little after it is told to. */
const LONGEST_WAIT_MS = 5000;

/** A test that fails if it leaves anything behind. For tests that run one at a time. */
export function leavesNothing(body: (t: ExecutionContext) => Promise<void>): Implementation<[]> {
  return async (t) => {
    const before = held();
    await body(t);
    let after = held();
    for (const deadline = performance.now() + LONGEST_WAIT_MS; after !== before && performance.now() < deadline;) {
      await turn();
      after = held();
    }
    t.is(after, before, "everything is released");
  };
}

/** What the process holds at the moment, as text. */
export function held(): string {
  // An immediate or a tick under way is no leak, and whoever asks may be in one.
  const resources = process.getActiveResourcesInfo().filter((name) => name !== "Immediate" && name !== "TickObject");
  return JSON.stringify({ resources: resources.toSorted(), descriptors: descriptors() });
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
