import type { FrameInput, Framing, FramingTiming, MessageBoundary } from "../core/framing.ts";
import { DEFAULT_MAX_MESSAGE_SIZE, refused, tooLarge } from "../core/limits.ts";
import { badOption, durationOption, integerOption } from "../core/options.ts";

/** The options of silence framing. */
export interface SilenceFramingOptions {
  /**
   * How long the line has to be silent after the last byte for a message to be complete, in milliseconds; and how long it
   * has to have been quiet before a message is sent, after what was received and after what was sent. More than 0. Common
   * USB adapters deliver what they receive every 16 ms: much less than the default cuts messages in two behind them.
   *
   * @defaultValue 30
   */
  silenceMs?: number;
  /**
   * The largest message accepted, in bytes; a larger one is an `ERR_FRAME_TOO_LARGE`.
   *
   * @defaultValue 8388608 (8 MiB)
   */
  maxMessageSize?: number;
}

const DEFAULT_SILENCE_MS = 30;

/**
 * A message is what comes until the line is silent, as in Modbus RTU. The end of the channel completes a message too.
 *
 * Time decides what a message is here, not the bytes: a pause on the way, in a buffer or in a busy program cuts a message
 * in two, and two messages that come without a pause are one. Meant for serial lines, where the sender keeps to the pauses;
 * so an empty message cannot be sent (`ERR_FRAME_INVALID`). It does not go together with `interByteTimeoutMs`
 * (`ERR_OPTIONS`).
 *
 * @phrase a message ends when the line is silent
 * @wire the bytes; the line is then silent
 */
export class SilenceFraming implements Framing {
  static readonly suffix = "WithSilence";
  static readonly boundary: MessageBoundary = "message";
  readonly timing: FramingTiming;
  readonly #maxMessageSize: number;
  /**
   * @throws OptionsError `ERR_OPTIONS`, naming the option and its value.
   */
  constructor(options: SilenceFramingOptions) {
    const silenceMs = durationOption("silenceMs", options.silenceMs, DEFAULT_SILENCE_MS);
    if (silenceMs === 0) throw badOption("silenceMs", options.silenceMs, "give a duration of more than 0 milliseconds");
    this.timing = { silenceMs, quietBeforeSendMs: silenceMs };
    this.#maxMessageSize = integerOption("maxMessageSize", options.maxMessageSize, DEFAULT_MAX_MESSAGE_SIZE, 1);
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    if (input.length > this.#maxMessageSize) throw tooLarge(this.#maxMessageSize);
    return undefined;
  }

  decodeSilence<Message>(input: FrameInput<Message>): Message | undefined {
    // More than that is an error of the next decode.
    const isMessage = input.length > 0 && input.length <= this.#maxMessageSize;
    return isMessage ? input.take(input.length) : undefined;
  }

  decodeEnd<Message>(input: FrameInput<Message>): Message | undefined {
    return input.length === 0 ? undefined : input.take(input.length);
  }

  encode(payload: Uint8Array): Uint8Array {
    if (payload.length > 0) return payload;
    throw refused("ERR_FRAME_INVALID", "an empty message cannot be sent: nothing on the line tells it from silence");
  }
}
