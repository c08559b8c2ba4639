import { BackPressureError, FramingError, type FramingErrorCode } from "../errors.ts";

/** The default of `maxMessageSize` for messages whose end is not marked by a terminator: 8 MiB. */
export const DEFAULT_MAX_MESSAGE_SIZE: number = 8 * 1024 * 1024;

/** The default of `maxMessageSize` where a marker ends each message: 1 MiB. */
export const DEFAULT_MAX_MARKED_SIZE: number = 1024 * 1024;

/** The default of `maxMessageSize` for packets of byte-stuffing framings: 64 KiB. */
export const DEFAULT_MAX_PACKET_SIZE: number = 64 * 1024;

/** What a framing does after an error: `"always"`, it resumes at the next boundary, so that the channel stays open. */
export type Recovery = "always" | "no";

/** The `ERR_FRAME_TOO_LARGE` of a message that is, or will be, larger than allowed. */
export function tooLarge(maxMessageSize: number, recovery: Recovery = "no"): FramingError {
  const text = `a message is larger than the limit of ${maxMessageSize} bytes; raise maxMessageSize if it is meant to be`;
  return new FramingError("ERR_FRAME_TOO_LARGE", text, { isRecoverable: recovery === "always" });
}

/** The `ERR_FRAME_INVALID` of bytes after which the framing resumes at the next boundary. */
export function recoverable(text: string): FramingError {
  return new FramingError("ERR_FRAME_INVALID", text, { isRecoverable: true });
}

/** The error of a payload that a framing cannot carry: nothing of it was sent. */
export function refused(code: FramingErrorCode, text: string): FramingError {
  return new FramingError(code, text, { outcome: "not-sent" });
}

/**
 * @throws BackPressureError if `size` more bytes would be more than `maxQueuedBytes`.
 */
export function checkQueue(queued: number, size: number, maxQueuedBytes: number): void {
  if (queued + size <= maxQueuedBytes) return;
  const text = `${size} bytes on top of the ${queued} queued are over maxQueuedBytes, ${maxQueuedBytes}; wait for "drain"`;
  throw new BackPressureError("ERR_BACKPRESSURE", text, { outcome: "not-sent" });
}
