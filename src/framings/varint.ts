import type { FrameInput, Framing, MessageBoundary } from "../core/framing.ts";
import { DEFAULT_MAX_MESSAGE_SIZE, tooLarge } from "../core/limits.ts";
import { booleanOption, integerOption } from "../core/options.ts";
import { FramingError } from "../errors.ts";

/** The options of varint framing. */
export interface VarintFramingOptions {
  /**
   * Whether a length that has more bytes than it needs is refused with an `ERR_FRAME_BAD_LENGTH`.
   *
   * @defaultValue false
   */
  strictVarint?: boolean;
  /**
   * The largest message accepted, in bytes, length not counted; a larger one is an `ERR_FRAME_TOO_LARGE`, raised as soon as
   * it is certain.
   *
   * @defaultValue 8388608 (8 MiB)
   */
  maxMessageSize?: number;
}

/** Set in every byte of a length but the last. */
const MORE = 0x80;
/** A length of 64 bits has at most so many bytes, of which the last holds one bit. */
const MOST_BYTES = 10;

/**
 * Each message is preceded by its length as a base 128 varint (LEB128), the least significant group first: what protocol
 * buffers call delimited, and many peer-to-peer protocols use.
 *
 * @phrase each message is preceded by its length as a varint
 * @wire `<length>` as a LEB128 varint, then the bytes
 */
export class VarintFraming implements Framing {
  static readonly suffix = "WithVarint";
  static readonly boundary: MessageBoundary = "message";
  readonly #isStrict: boolean;
  readonly #maxMessageSize: number;
  /** Of the message at the front of the input; 0 while its length is not complete. */
  #headerLength = 0;
  #payloadLength = 0;

  /**
   * @throws OptionsError `ERR_OPTIONS`, naming the option and its value.
   */
  constructor(options: VarintFramingOptions) {
    this.#isStrict = booleanOption("strictVarint", options.strictVarint, false);
    this.#maxMessageSize = integerOption("maxMessageSize", options.maxMessageSize, DEFAULT_MAX_MESSAGE_SIZE, 1);
  }

  get expected(): number | undefined {
    return this.#headerLength === 0 ? undefined : this.#payloadLength;
  }

  get headerLength(): number {
    return this.#headerLength;
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    if (this.#headerLength === 0) this.#readLength(input);
    if (this.#headerLength === 0 || input.length < this.#headerLength + this.#payloadLength) return undefined;
    input.skip(this.#headerLength);
    this.#headerLength = 0;
    return input.take(this.#payloadLength);
  }

  encode(payload: Uint8Array): readonly Uint8Array[] {
    const header: number[] = [];
    let rest = payload.length;
    for (; rest >= MORE; rest = Math.floor(rest / MORE)) header.push((rest % MORE) + MORE);
    header.push(rest);
    return payload.length === 0 ? [Buffer.from(header)] : [Buffer.from(header), payload];
  }

  #readLength(input: FrameInput<unknown>): void {
    let length = 0;
    // Shifting would wrap at 32 bits.
    for (let at = 0, weight = 1; at < input.length; at++, weight *= MORE) {
      const byte = input.at(at);
      if (at === MOST_BYTES - 1 && byte > 1) throw badLength("it does not fit into 64 bits");
      length += (byte % MORE) * weight;
      // What follows can only add to it.
      if (length > this.#maxMessageSize) throw tooLarge(this.#maxMessageSize);
      if (byte >= MORE) continue;
      if (this.#isStrict && byte === 0 && at > 0)
        throw badLength(`it has ${at + 1} bytes, the last of them for nothing`);
      this.#headerLength = at + 1;
      this.#payloadLength = length;
      return;
    }
  }
}

function badLength(why: string): FramingError {
  return new FramingError("ERR_FRAME_BAD_LENGTH", `the varint length of a message is wrong: ${why}`);
}
