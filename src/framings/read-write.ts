import { LARGEST_DECIMAL_LENGTH, withDigit } from "../core/bytes/decimal-length.ts";
import type { FrameInput, Framing, MessageBoundary } from "../core/framing.ts";
import { DEFAULT_MAX_MESSAGE_SIZE } from "../core/limits.ts";
import { integerOption } from "../core/options.ts";
import { shownByte } from "../core/bytes/shown-bytes.ts";
import { FramingError } from "../errors.ts";

/** The options of length-prefixed framing. */
export interface ReadWriteFramingOptions {
  /**
   * The largest message accepted, in bytes, header not counted; a larger one is an `ERR_FRAME_TOO_LARGE`, raised as soon
   * as the header is there.
   *
   * @defaultValue 8388608 (8 MiB)
   */
  maxMessageSize?: number;
}

const CR = 13;
const LF = 10;

/**
 * Each message is preceded by its length: `<decimal length>\r\n<bytes>`. The length follows the grammar
 * `0|[1-9][0-9]{0,9}`, checked on the bytes.
 *
 * @phrase each message is preceded by its length
 * @wire `<decimal length>\r\n<bytes>`
 */
export class ReadWriteFraming implements Framing {
  static readonly suffix = "WithReadWrite";
  static readonly boundary: MessageBoundary = "message";
  readonly #maxMessageSize: number;
  /** Of the message at the front of the input; 0 while its header is not complete. */
  #headerLength = 0;
  #payloadLength = 0;

  /**
   * @throws OptionsError `ERR_OPTIONS`, naming the option and its value.
   */
  constructor(options: ReadWriteFramingOptions) {
    this.#maxMessageSize = integerOption(
      "maxMessageSize",
      options.maxMessageSize,
      DEFAULT_MAX_MESSAGE_SIZE,
      1,
      LARGEST_DECIMAL_LENGTH,
    );
  }

  get expected(): number | undefined {
    return this.#headerLength === 0 ? undefined : this.#payloadLength;
  }

  get headerLength(): number {
    return this.#headerLength;
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    // Read anew each time, which costs next to nothing, because the input may have been dropped in mid-message.
    this.#readHeader(input);
    if (this.#headerLength === 0 || input.length < this.#headerLength + this.#payloadLength) return undefined;
    input.skip(this.#headerLength);
    return input.take(this.#payloadLength);
  }

  encode(payload: Uint8Array): readonly Uint8Array[] {
    const header = Buffer.from(`${payload.length}\r\n`, "latin1");
    return payload.length === 0 ? [header] : [header, payload];
  }

  /**
   * Reads the header of the message at the front, byte by byte, so that it has the same answer however it is cut. The
   * cap on the value also bounds how long a header can be.
   */
  #readHeader(input: FrameInput<unknown>): void {
    let length = 0;
    this.#headerLength = 0;
    for (let at = 0; at < input.length; at++) {
      const byte = input.at(at);
      if (byte === CR && at > 0) {
        if (at + 1 === input.length) return;
        if (input.at(at + 1) !== LF) throw badHeader(at + 1, input.at(at + 1));
        this.#headerLength = at + 2;
        this.#payloadLength = length;
        return;
      }
      if (byte === LF) throw badHeader(at, byte);
      length = withDigit(length, at, byte, this.#maxMessageSize);
    }
  }
}

function badHeader(at: number, byte: number): FramingError {
  const text = `byte ${at} of a length header is ${shownByte(byte)}, where the CR LF that ends the header was due`;
  return new FramingError("ERR_FRAME_BAD_HEADER", text);
}
