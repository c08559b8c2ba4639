/** The errors of clients' calls, which are the same in both modes. Each says what the call waited for. */
import { DisconnectedError, OpenError, StateError, TimeoutError } from "../../errors.ts";

/** What ends a call: the channel is open; the bytes have left; the exchange is over; a message matches. */
export type CallGoal = "open" | "send" | "reply" | "match";

const AWAITED: Readonly<Record<CallGoal, string>> = {
  open: "the channel to open",
  send: "the other end to take what was sent",
  reply: "the reply",
  match: "a message that the predicate accepts",
};

/** The other end closed the channel before what the call waited for was complete. */
export function endedEarly(goal: CallGoal): DisconnectedError {
  const text = `the other end closed the channel while the call waited for ${AWAITED[goal]}`;
  return new DisconnectedError("ERR_CONNECTION_CLOSED", text);
}

/** The channel was closed here while a call was pending. */
export function closedMeanwhile(goal: CallGoal): StateError {
  return new StateError("ERR_CHANNEL_CLOSED", `the channel was closed while the call waited for ${AWAITED[goal]}`);
}

/**
 * What the call waited for did not come before its deadline.
 *
 * @param bytesWritten how much the system has taken, if it has not taken everything.
 */
export function callTooLong(timeoutMs: number, goal: CallGoal, bytesWritten?: number): TimeoutError {
  if (bytesWritten === undefined)
    return new TimeoutError("ERR_REPLY_TIMEOUT", `waited ${timeoutMs} ms for ${AWAITED[goal]}`);
  const text = `waited ${timeoutMs} ms for ${AWAITED.send}`;
  return new TimeoutError("ERR_WRITE_TIMEOUT", text, { bytesWritten });
}

/** The channel was not open before the deadline. */
export function notOpenInTime(timeoutMs: number): OpenError {
  const text = `the channel was not open after ${timeoutMs} ms`;
  return new OpenError("ERR_CONNECT_TIMEOUT", text, { outcome: "not-sent" });
}
