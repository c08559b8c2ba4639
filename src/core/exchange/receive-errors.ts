/** The errors of the deadlines of the receiving side, the same in both modes. */
import { TimeoutError } from "../../errors.ts";

/** How much of a message is there, header not counted. */
export interface MessageProgress {
  /** Bytes of its content that were received. */
  readonly received: number;
  /** Bytes of content that it needs, where the framing knows. */
  readonly expected: number | undefined;
}

/** The `ERR_FRAME_TIMEOUT` of a message that took longer than `messageTimeoutMs`. */
export function messageTooLong(messageTimeoutMs: number, progress: MessageProgress): TimeoutError {
  return frameTimeout(`was not complete after ${messageTimeoutMs} ms (messageTimeoutMs)`, progress);
}

/** The `ERR_FRAME_TIMEOUT` of a message in which the line was silent for `interByteTimeoutMs`. */
export function messageCutOff(interByteTimeoutMs: number, progress: MessageProgress): TimeoutError {
  return frameTimeout(`was cut off by ${interByteTimeoutMs} ms of silence (interByteTimeoutMs)`, progress);
}

/** The `ERR_IDLE_TIMEOUT` of a connection on which nothing came in. */
export function idleTooLong(idleTimeoutMs: number): TimeoutError {
  return new TimeoutError("ERR_IDLE_TIMEOUT", `nothing was received for ${idleTimeoutMs} ms (idleTimeoutMs)`);
}

/** The `ERR_HALF_OPEN_TIMEOUT` of a connection that was closed on one side only for too long. */
export function halfOpenTooLong(halfOpenTimeoutMs: number): TimeoutError {
  const text = `the other end closed its side ${halfOpenTimeoutMs} ms ago (halfOpenTimeoutMs), and its answer is not out`;
  return new TimeoutError("ERR_HALF_OPEN_TIMEOUT", text);
}

function frameTimeout(what: string, { received, expected }: MessageProgress): TimeoutError {
  const of = expected === undefined ? "" : ` of ${expected}`;
  return new TimeoutError("ERR_FRAME_TIMEOUT", `a message ${what}; ${received}${of} bytes of it were received`, {
    received,
    expected,
  });
}
