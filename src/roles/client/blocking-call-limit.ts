import { callTooLong, type CallGoal } from "../../core/exchange/call-errors.ts";
import { deadlineIn } from "../../modes/blocking/blocking-channel.ts";
import type { WaitLimit } from "../../modes/blocking/blocking-connection.ts";

/** How long a call may take, and the error when it takes longer. */
export interface CallLimit extends WaitLimit {
  readonly timeoutMs: number;
}

/** The limit of a call that begins at `now`, on the clock of `performance.now()`. */
export function callLimit(timeoutMs: number, now: number, goal: CallGoal): CallLimit {
  return { timeoutMs, deadline: deadlineIn(timeoutMs, now), late: () => callTooLong(timeoutMs, goal) };
}
