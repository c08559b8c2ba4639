import { LARGEST_DECIMAL_LENGTH, withDigit } from "../core/bytes/decimal-length.ts";
import type { FrameInput, Framing, MessageBoundary } from "../core/framing.ts";
import { DEFAULT_MAX_MESSAGE_SIZE } from "../core/limits.ts";
import { integerOption } from "../core/options.ts";
import { shownByte } from "../core/bytes/shown-bytes.ts";
import { FramingError } from "../errors.ts";

/** The options of netstring framing. */
export interface NetstringFramingOptions {
  /**
   * The largest message accepted, in bytes, length and comma not counted; a larger one is an `ERR_FRAME_TOO_LARGE`, raised
   * as soon as the digits say so.
   *
   * @defaultValue 8388608 (8 MiB)
   */
  maxMessageSize?: number;
}

const COLON = 58;
const COMMA = 44;
const TRAILER: Buffer = Buffer.from(",");

/**
 * Each message is a netstring: its length in decimal digits and a colon before it, a comma behind it. The length follows
 * the grammar `0|[1-9][0-9]{0,9}`, checked on the bytes.
 *
 * @phrase each message is a netstring
 * @wire `<decimal length>:<bytes>,`
 */
export class NetstringFraming implements Framing {
  static readonly suffix = "WithNetstring";
  static readonly boundary: MessageBoundary = "message";
  readonly #maxMessageSize: number;
  /** Of the message at the front of the input, colon included; 0 while it is not complete. */
  #headerLength = 0;
  #payloadLength = 0;

  /**
   * @throws OptionsError `ERR_OPTIONS`, naming the option and its value.
   */
  constructor({ maxMessageSize }: NetstringFramingOptions) {
    this.#maxMessageSize = integerOption(
      "maxMessageSize",
      maxMessageSize,
      DEFAULT_MAX_MESSAGE_SIZE,
      1,
      LARGEST_DECIMAL_LENGTH,
    );
  }

  get expected(): number | undefined {
    return this.#headerLength === 0 ? undefined : this.#payloadLength + TRAILER.length;
  }

  get headerLength(): number {
    return this.#headerLength;
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    if (this.#headerLength === 0) this.#readHeader(input);
    const comma = this.#headerLength + this.#payloadLength;
    if (this.#headerLength === 0 || input.length <= comma) return undefined;
    if (input.at(comma) !== COMMA) throw noComma(input.at(comma));
    input.skip(this.#headerLength);
    const message = input.take(this.#payloadLength);
    input.skip(TRAILER.length);
    this.#headerLength = 0;
    return message;
  }

  encode(payload: Uint8Array): readonly Uint8Array[] {
    return [Buffer.from(`${payload.length}:`, "latin1"), payload, TRAILER];
  }

  #readHeader(input: FrameInput<unknown>): void {
    let length = 0;
    for (let at = 0; at < input.length; at++) {
      const byte = input.at(at);
      if (byte === COLON && at > 0) {
        this.#headerLength = at + 1;
        this.#payloadLength = length;
        return;
      }
      length = withDigit(length, at, byte, this.#maxMessageSize);
    }
  }
}

function noComma(byte: number): FramingError {
  return new FramingError("ERR_FRAME_INVALID", `a netstring ends with ${shownByte(byte)} instead of a comma`);
}
