/** The errors of clients' calls, which are the same in both modes. */
import { DisconnectedError, OpenError, StateError, TimeoutError } from "../errors.ts";

/** The other end closed the channel before its reply was complete. */
export function endedEarly(): DisconnectedError {
  return new DisconnectedError(
    "ERR_CONNECTION_CLOSED",
    "the other end closed the channel before its reply was complete",
  );
}

/** The channel was closed here while a call was pending. */
export function closedMeanwhile(): StateError {
  return new StateError("ERR_CHANNEL_CLOSED", "the channel was closed while the call was pending");
}

/** There was no reply before the deadline of the call. */
export function noReply(timeoutMs: number): TimeoutError {
  return new TimeoutError("ERR_REPLY_TIMEOUT", `there was no reply after ${timeoutMs} ms`);
}

/** The channel was not open before the deadline. */
export function notOpenInTime(timeoutMs: number): OpenError {
  return new OpenError("ERR_CONNECT_TIMEOUT", `the channel was not open after ${timeoutMs} ms`);
}
