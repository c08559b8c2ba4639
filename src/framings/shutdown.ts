import type { FrameInput, Framing, MessageBoundary } from "../core/framing.ts";
import { DEFAULT_MAX_MESSAGE_SIZE, tooLarge } from "../core/limits.ts";
import { integerOption } from "../core/options.ts";

/** The options of shutdown framing. */
export interface ShutdownFramingOptions {
  /**
   * The largest message accepted, in bytes; a larger one is an `ERR_FRAME_TOO_LARGE`.
   *
   * @defaultValue 8388608 (8 MiB)
   */
  maxMessageSize?: number;
}

/**
 * The bytes as they are; the sender then closes its side of the channel, and the other side stays open for the answer.
 * One message in each direction a connection.
 *
 * On Node.js before version 24 the reset of a connection can look like a clean end, so a message cannot be proven whole.
 *
 * @phrase the sender half-closes after its message
 * @wire the bytes, then the sender half-closes
 */
export class ShutdownFraming implements Framing {
  static readonly suffix = "WithShutdown";
  static readonly boundary: MessageBoundary = "half-close";
  /** A serial line cannot be closed on one side only. */
  static readonly requires = ["half-close"] as const;
  readonly #maxMessageSize: number;

  /**
   * @throws OptionsError `ERR_OPTIONS`, naming the option and its value.
   */
  constructor(options: ShutdownFramingOptions) {
    this.#maxMessageSize = integerOption("maxMessageSize", options.maxMessageSize, DEFAULT_MAX_MESSAGE_SIZE, 1);
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    if (input.length > this.#maxMessageSize) throw tooLarge(this.#maxMessageSize);
    return undefined;
  }

  decodeEnd<Message>(input: FrameInput<Message>): Message | undefined {
    return input.take(input.length);
  }

  encode(payload: Uint8Array): Uint8Array {
    return payload;
  }
}
