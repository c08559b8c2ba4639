import type { ChannelRole, FrameInput, Framing, MessageBoundary } from "../core/framing.ts";
import { DEFAULT_MAX_MESSAGE_SIZE, tooLarge } from "../core/limits.ts";
import { choiceOption, integerOption } from "../core/options.ts";

/** The options of basic framing. */
export interface BasicFramingOptions {
  /**
   * What ends a message: `"close"`, the other end closes the channel; `"read"`, every read is a message, as it comes.
   *
   * @defaultValue `"close"` for clients, `"read"` on the server side and for persistent channels
   */
  messageEnd?: "close" | "read";
  /**
   * The largest message accepted, in bytes; a larger one is an `ERR_FRAME_TOO_LARGE`.
   *
   * @defaultValue 8388608 (8 MiB)
   */
  maxMessageSize?: number;
}

/**
 * The bytes as they are, with nothing added. There is nothing in the bytes that could tell where a message ends, so only
 * the end of the channel can, or each read counts as a message.
 *
 * @phrase bytes as they are; a message ends with the channel
 * @wire the bytes
 */
export class BasicFraming implements Framing {
  static readonly suffix = "";
  static readonly boundary: MessageBoundary = "channel";
  /** Whether every read is a message. */
  readonly isCutAnywhere: boolean;
  readonly #maxMessageSize: number;

  /**
   * @throws OptionsError `ERR_OPTIONS`, naming the option and its value.
   */
  constructor(options: BasicFramingOptions, role: ChannelRole) {
    const end = choiceOption("messageEnd", options.messageEnd, role === "client" ? "close" : "read", ["close", "read"]);
    this.isCutAnywhere = end === "read";
    this.#maxMessageSize = integerOption("maxMessageSize", options.maxMessageSize, DEFAULT_MAX_MESSAGE_SIZE, 1);
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    if (input.length > this.#maxMessageSize && !this.isCutAnywhere) throw tooLarge(this.#maxMessageSize);
    return this.isCutAnywhere && input.length > 0
      ? input.take(Math.min(input.length, this.#maxMessageSize))
      : undefined;
  }

  decodeEnd<Message>(input: FrameInput<Message>): Message | undefined {
    return this.isCutAnywhere ? undefined : input.take(input.length);
  }

  encode(payload: Uint8Array): Uint8Array {
    return payload;
  }
}
