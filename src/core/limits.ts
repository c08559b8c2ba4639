import { BackPressureError, FramingError } from "../errors.ts";

/** The default of `maxMessageSize` for messages whose end is not marked by a terminator: 8 MiB. */
export const DEFAULT_MAX_MESSAGE_SIZE: number = 8 * 1024 * 1024;

/** The `ERR_FRAME_TOO_LARGE` of a message that is, or will be, larger than allowed. */
export function tooLarge(maxMessageSize: number): FramingError {
  const text = `a message is larger than the limit of ${maxMessageSize} bytes; raise maxMessageSize if it is meant to be`;
  return new FramingError("ERR_FRAME_TOO_LARGE", text);
}

/**
 * @throws BackPressureError if `size` more bytes would be more than `maxQueuedBytes`.
 */
export function checkQueue(queued: number, size: number, maxQueuedBytes: number): void {
  if (queued + size <= maxQueuedBytes) return;
  const text = `${size} bytes on top of the ${queued} queued are over maxQueuedBytes, ${maxQueuedBytes}; wait for "drain"`;
  throw new BackPressureError("ERR_BACKPRESSURE", text, { outcome: "not-sent" });
}
