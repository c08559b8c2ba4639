import { type ChannelError, StateError } from "../errors.ts";
import type { MessageBoundary } from "./framing.ts";
import { hookError } from "./hooks.ts";

/** Why a channel closed. */
export interface CloseReason {
  /**
   * `"self"`: `close()`, `finish()` or an abort on this side; `"peer"`: the other end closed between two messages;
   * `"fault"`: the connection broke, a deadline passed, bad bytes came, or a hook failed.
   */
  readonly by: "self" | "peer" | "fault";
  /** What happened, for a fault. */
  readonly error?: ChannelError;
}

/** The reason of a channel that closes because of what was thrown. */
export function faultReason(thrown: unknown): CloseReason {
  return { by: "fault", error: hookError(thrown) };
}

/**
 * Who closes a connection that this side closes without a fault: the other end, if it has closed before. A half-close that only ends a message is no end of the connection.
 *
 * @param isOver whether the other end has closed its side, and all its messages were taken.
 */
export function closedBy(isOver: boolean, boundary: MessageBoundary): "self" | "peer" {
  return isOver && boundary !== "half-close" ? "peer" : "self";
}

/** The error of what was still to be sent when this side closed the channel. */
export function closedHere(): StateError {
  return new StateError("ERR_CHANNEL_CLOSED", "the channel was closed", { outcome: "not-sent" });
}

/** What the signal of a connection aborts with. */
export function abortReason({ error }: CloseReason): ChannelError {
  return error ?? new StateError("ERR_CHANNEL_CLOSED", "the channel was closed");
}

/** Whether something was given up because the signal aborted. */
export function isAbortOf(thrown: unknown, signal: AbortSignal): boolean {
  if (!(thrown instanceof Error)) return false;
  return thrown === signal.reason || (thrown.name === "AbortError" && thrown.cause === signal.reason);
}
