import type { FrameInput, Framing, FramingTiming, MessageBoundary } from "../core/framing.ts";
import { refused } from "../core/limits.ts";
import { badOption, durationOption, integerOption } from "../core/options.ts";

/** The options of fixed-length framing. */
export interface FixedLengthFramingOptions {
  /** How many bytes every message has, at least 1. Required. */
  messageLength: number;
  /**
   * How long the line has to be quiet after opening, in milliseconds, before the first message is read or sent: what comes
   * meanwhile is dropped, so that reading does not begin in the middle of a message. 0: no wait.
   *
   * @defaultValue 0
   */
  openQuietMs?: number;
}

/**
 * Every message has the same length; nothing else tells one from the next. Sending one of another length is an
 * `ERR_FRAME_INVALID`, with nothing written.
 *
 * @phrase all messages have the same length
 * @wire `messageLength` bytes
 * @needs messageLength: 16
 */
export class FixedLengthFraming implements Framing {
  static readonly suffix = "WithFixedLength";
  static readonly boundary: MessageBoundary = "message";
  /** How many bytes every message has. */
  readonly expected: number;
  readonly timing: FramingTiming;

  /**
   * @throws OptionsError `ERR_OPTIONS`, naming the option and its value; also without `messageLength`.
   */
  constructor(options: FixedLengthFramingOptions) {
    const { messageLength } = options;
    if (messageLength === undefined) throw badOption("messageLength", messageLength, "give the length of all messages");
    this.expected = integerOption("messageLength", messageLength, 1, 1);
    this.timing = { openQuietMs: durationOption("openQuietMs", options.openQuietMs, 0) };
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    return input.length < this.expected ? undefined : input.take(this.expected);
  }

  encode(payload: Uint8Array): Uint8Array {
    if (payload.length === this.expected) return payload;
    const text = `the payload has ${payload.length} bytes instead of the ${this.expected} of messageLength`;
    throw refused("ERR_FRAME_INVALID", text);
  }
}
