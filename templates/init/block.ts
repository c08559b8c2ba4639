import {
  type FrameInput,
  type Framing,
  FramingError,
  integerOption,
  type MessageBoundary,
  tooLarge,
} from "plib-io/data";

/** The options of block framing: they become options of every class that is generated. */
export interface BlockFramingOptions {
  /**
   * The largest message accepted, in bytes, from 1 to 65535; a larger one is an `ERR_FRAME_TOO_LARGE`.
   *
   * @defaultValue 65535
   */
  maxMessageSize?: number;
}

const HEADER = 2;
const LARGEST = 65_535;

/**
 * Each message is preceded by its length in two bytes, the more significant one first.
 *
 * @phrase each message is preceded by its length in two bytes
 */
export class BlockFraming implements Framing {
  /** What the names of the generated classes end with. */
  static readonly suffix = "WithBlock";
  /** The end of a message is told by the bytes themselves. */
  static readonly boundary: MessageBoundary = "message";
  readonly #maxMessageSize: number;

  constructor(options: BlockFramingOptions) {
    this.#maxMessageSize = integerOption("maxMessageSize", options.maxMessageSize, LARGEST, 1, LARGEST);
  }

  /** The next message, or `undefined` while it is not complete. Then its bytes stay where they are. */
  decode<Message>(input: FrameInput<Message>): Message | undefined {
    if (input.length < HEADER) return undefined;
    const length = input.at(0) * 256 + input.at(1);
    if (length > this.#maxMessageSize) throw tooLarge(this.#maxMessageSize);
    if (input.length < HEADER + length) return undefined;
    input.skip(HEADER);
    return input.take(length);
  }

  /** The bytes that carry a message. */
  encode(payload: Uint8Array): readonly Uint8Array[] {
    const { length } = payload;
    if (length > LARGEST) {
      const text = `a block of ${length} bytes cannot be sent: its length has two bytes, so ${LARGEST} is the most`;
      throw new FramingError("ERR_FRAME_TOO_LARGE", text, { outcome: "not-sent" });
    }
    return [Uint8Array.of(length >> 8, length & 255), payload];
  }
}
