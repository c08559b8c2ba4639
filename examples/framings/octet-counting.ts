/** RFC 6587 octet counting: how syslog messages travel over TCP. */
import {
  type FrameInput,
  type Framing,
  FramingError,
  integerOption,
  type MessageBoundary,
  tooLarge,
} from "plib-io/data";

/** The options of octet counting. */
export interface OctetCountingFramingOptions {
  /**
   * The largest message accepted, in bytes; a larger one is an `ERR_FRAME_TOO_LARGE`.
   *
   * @defaultValue 65536 (64 KiB)
   */
  maxMessageSize?: number;
}

const SPACE = 32;
const ZERO = 48;
const NINE = 57;

/**
 * Each message is preceded by its length in decimal digits, the first of which is not 0, and a space. So there is no empty
 * message.
 *
 * @phrase each message is preceded by its octet count
 * @wire `<decimal length> <bytes>`
 */
export class OctetCountingFraming implements Framing {
  static readonly suffix = "WithOctetCounting";
  static readonly boundary: MessageBoundary = "message";
  readonly #maxMessageSize: number;
  /** Of the message at the front of the input, space included; 0 while it is not complete. */
  headerLength = 0;
  #payloadLength = 0;

  constructor({ maxMessageSize }: OctetCountingFramingOptions) {
    this.#maxMessageSize = integerOption("maxMessageSize", maxMessageSize, 65_536, 1);
  }

  get expected(): number | undefined {
    return this.headerLength === 0 ? undefined : this.#payloadLength;
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    if (this.headerLength === 0) this.#readHeader(input);
    if (this.headerLength === 0 || input.length < this.headerLength + this.#payloadLength) return undefined;
    input.skip(this.headerLength);
    this.headerLength = 0;
    return input.take(this.#payloadLength);
  }

  encode(payload: Uint8Array): readonly Uint8Array[] {
    if (payload.length > 0) return [Buffer.from(`${payload.length} `, "latin1"), payload];
    throw new FramingError("ERR_FRAME_INVALID", "there are no empty messages", { outcome: "not-sent" });
  }

  #readHeader(input: FrameInput<unknown>): void {
    let length = 0;
    for (let at = 0; at < input.length; at++) {
      const byte = input.at(at);
      if (byte === SPACE && at > 0) {
        this.headerLength = at + 1;
        this.#payloadLength = length;
        return;
      }
      const isDigit = byte >= ZERO && byte <= NINE && !(at === 0 && byte === ZERO);
      if (!isDigit) throw badCount(at, byte);
      length = length * 10 + byte - ZERO;
      if (length > this.#maxMessageSize) throw tooLarge(this.#maxMessageSize);
    }
  }
}

function badCount(at: number, byte: number): FramingError {
  const text = `byte ${at} of an octet count is 0x${byte.toString(16).padStart(2, "0")}, which is no digit that may stand there`;
  return new FramingError("ERR_FRAME_BAD_LENGTH", text);
}
