import type { FrameInput, Framing, MessageBoundary } from "../core/framing.ts";
import { DEFAULT_MAX_MESSAGE_SIZE, refused, tooLarge } from "../core/limits.ts";
import { badOption, choiceOption, integerOption } from "../core/options.ts";
import { FramingError } from "../errors.ts";

/** The options of length-field framing. */
export interface LengthFieldFramingOptions {
  /**
   * How many bytes the length field has.
   *
   * @defaultValue 4
   */
  lengthBytes?: 1 | 2 | 3 | 4 | 8;
  /**
   * Which byte of the length field comes first: `"big"`, the most significant one; `"little"`, the least.
   *
   * @defaultValue `"big"`
   */
  byteOrder?: "big" | "little";
  /**
   * How many bytes of each message stand before the length field. A message that is handed over is both parts, without the
   * field, and one that is sent is split in the same way.
   *
   * @defaultValue 0
   */
  lengthOffset?: number;
  /**
   * What has to be added to the number in the field to get how many bytes follow it: bytes after the field = field +
   * `lengthAdjustment`. A field that counts itself too needs minus `lengthBytes`.
   *
   * @defaultValue 0
   */
  lengthAdjustment?: number;
  /**
   * The largest message accepted, in bytes, length field not counted; a larger one is an `ERR_FRAME_TOO_LARGE`, raised as
   * soon as the field is there.
   *
   * @defaultValue 8388608 (8 MiB)
   */
  maxMessageSize?: number;
}

/** How many values 4 bytes have. */
const TWO_TO_32 = 2 ** 32;
/** Far more than any length; what is added to it is still exact. */
const LARGEST_ADJUSTMENT = 2 ** 48;

/**
 * Each message carries its length as an unsigned binary integer. Field size, byte order, place and what the number counts
 * are options, so that most binary protocols fit: Modbus TCP, DNS over TCP, Thrift, Kafka, PostgreSQL.
 *
 * @phrase a binary length field says how long each message is
 * @wire `<length>` as an unsigned integer, then the bytes
 */
export class LengthFieldFraming implements Framing {
  static readonly suffix = "WithLengthField";
  static readonly boundary: MessageBoundary = "message";
  readonly #lengthBytes: number;
  readonly #isBig: boolean;
  readonly #offset: number;
  readonly #adjustment: number;
  readonly #maxMessageSize: number;
  /** How many bytes come after the length field of the message under way; -1 while that field is not complete. */
  #after = -1;

  /**
   * @throws OptionsError `ERR_OPTIONS`, naming the option and its value.
   */
  constructor(options: LengthFieldFramingOptions) {
    const { lengthBytes = 4 } = options;
    if (![1, 2, 3, 4, 8].includes(lengthBytes)) throw badOption("lengthBytes", lengthBytes, "give 1, 2, 3, 4 or 8");
    this.#lengthBytes = lengthBytes;
    this.#isBig = choiceOption("byteOrder", options.byteOrder, "big", ["big", "little"]) === "big";
    this.#offset = integerOption("lengthOffset", options.lengthOffset, 0);
    const most = LARGEST_ADJUSTMENT;
    this.#adjustment = integerOption("lengthAdjustment", options.lengthAdjustment, 0, -most, most);
    this.#maxMessageSize = integerOption("maxMessageSize", options.maxMessageSize, DEFAULT_MAX_MESSAGE_SIZE, 1);
  }

  get expected(): number | undefined {
    return this.#after < 0 ? undefined : this.#offset + this.#after;
  }

  get headerLength(): number {
    return this.#after < 0 ? 0 : this.#lengthBytes;
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    const start = this.#offset + this.#lengthBytes;
    if (this.#after < 0) {
      if (input.length < start) return undefined;
      this.#after = this.#readLength(input);
    }
    if (input.length < start + this.#after) return undefined;
    const message = this.#offset === 0 ? this.#take(input) : this.#join(input);
    this.#after = -1;
    return message;
  }

  encode(payload: Uint8Array): readonly Uint8Array[] {
    const after = payload.length - this.#offset;
    if (after < 0) {
      const text = `the payload has ${payload.length} bytes, but ${this.#offset} stand before the length field`;
      throw refused("ERR_FRAME_INVALID", text);
    }
    const field = this.#field(after);
    if (this.#offset === 0) return payload.length === 0 ? [field] : [field, payload];
    const before = payload.subarray(0, this.#offset);
    return after === 0 ? [before, field] : [before, field, payload.subarray(this.#offset)];
  }

  #take<Message>(input: FrameInput<Message>): Message {
    input.skip(this.#lengthBytes);
    return input.take(this.#after);
  }

  #join<Message>(input: FrameInput<Message>): Message {
    const before = input.read(this.#offset);
    input.skip(this.#lengthBytes);
    return input.message(Buffer.concat([before, input.read(this.#after)]));
  }

  /** How many bytes follow the length field at the front of the input. */
  #readLength(input: FrameInput<unknown>): number {
    const last = this.#lengthBytes - 1;
    let low = 0;
    let high = 0;
    // The most significant byte first, whatever the order on the wire.
    for (let index = 0; index <= last; index++) {
      const byte = input.at(this.#offset + (this.#isBig ? index : last - index));
      if (last - index >= 4) high = high * 256 + byte;
      else low = low * 256 + byte;
    }
    // Compared before it becomes a number, which would round it.
    if (high * TWO_TO_32 > LARGEST_ADJUSTMENT + this.#maxMessageSize) throw tooLarge(this.#maxMessageSize);
    const after = high * TWO_TO_32 + low + this.#adjustment;
    if (after < 0) throw negative(after, this.#adjustment);
    if (after > this.#maxMessageSize - this.#offset) throw tooLarge(this.#maxMessageSize);
    return after;
  }

  #field(after: number): Buffer {
    const value = after - this.#adjustment;
    if (value < 0) {
      const text = `the payload is too short: with lengthAdjustment ${this.#adjustment} its length field would be negative`;
      throw refused("ERR_FRAME_INVALID", text);
    }
    if (value >= 256 ** this.#lengthBytes) {
      const text = `the payload has ${after + this.#offset} bytes, too many for a length field of ${this.#lengthBytes}`;
      throw refused("ERR_FRAME_TOO_LARGE", text);
    }
    const field = Buffer.alloc(this.#lengthBytes);
    for (let place = 0, rest = value; place < this.#lengthBytes; place++, rest = Math.floor(rest / 256)) {
      field[this.#isBig ? this.#lengthBytes - 1 - place : place] = rest % 256;
    }
    return field;
  }
}

function negative(after: number, adjustment: number): FramingError {
  const text = `a length field leaves ${after} bytes for the rest of the message (lengthAdjustment is ${adjustment})`;
  return new FramingError("ERR_FRAME_BAD_LENGTH", text);
}
