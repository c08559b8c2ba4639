import { asBuffer } from "../core/data.ts";
import type { FrameInput, Framing, MessageBoundary } from "../core/framing.ts";
import { DEFAULT_MAX_PACKET_SIZE, recoverable, tooLarge } from "../core/limits.ts";
import { integerOption } from "../core/options.ts";

/** The options of COBS framing. */
export interface CobsFramingOptions {
  /**
   * The largest message accepted, in bytes, without what stuffing adds; a larger one is an `ERR_FRAME_TOO_LARGE`, and the
   * channel continues with the next packet.
   *
   * @defaultValue 65536 (64 KiB)
   */
  maxMessageSize?: number;
}

const DELIMITER = 0;
/** A block holds at most so many bytes, none of them zero; the code before it is one more than their number. */
const LONGEST_BLOCK = 254;
const FULL_CODE = LONGEST_BLOCK + 1;
/** So few bytes are copied one by one. */
const FEW_BYTES = 16;

/**
 * COBS packets: consistent overhead byte stuffing takes the zeros out of a message, and a zero ends it. Any bytes can be
 * sent, at a cost of one byte in 254. A zero without a packet is skipped. A damaged packet is an `ERR_FRAME_INVALID`, one
 * that is too large an `ERR_FRAME_TOO_LARGE`: the channel reports them and continues behind the next zero.
 *
 * @phrase each message is a COBS packet
 * @wire the stuffed bytes, then `00`
 */
export class CobsFraming implements Framing {
  static readonly suffix = "WithCobs";
  static readonly boundary: MessageBoundary = "message";
  readonly #maxMessageSize: number;
  /** Whether what comes belongs to a packet that was reported already. */
  #isSkipping = false;

  /**
   * @throws OptionsError `ERR_OPTIONS`, naming the option and its value.
   */
  constructor(options: CobsFramingOptions) {
    this.#maxMessageSize = integerOption("maxMessageSize", options.maxMessageSize, DEFAULT_MAX_PACKET_SIZE, 1);
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    if (this.#isSkipping && !this.#skip(input)) return undefined;
    while (input.length > 0 && input.at(0) === DELIMITER) input.skip(1);
    const end = input.indexOf(DELIMITER);
    const length = end < 0 ? input.length : end;
    if (length > mostStuffed(this.#maxMessageSize)) {
      this.#isSkipping = true;
      input.skip(length);
      throw tooLarge(this.#maxMessageSize, "always");
    }
    return end < 0 ? undefined : this.#packet(input, end);
  }

  resume(): void {
    this.#isSkipping = true;
  }

  encode(payload: Uint8Array): Uint8Array {
    return stuffed(asBuffer(payload));
  }

  /** The message of a packet of `length` bytes, which is there as a whole with its delimiter. */
  #packet<Message>(input: FrameInput<Message>, length: number): Message {
    // Most small packets without zeros are one block: no need to copy it.
    const isOneBlock = input.at(0) === length;
    if (isOneBlock) input.skip(1);
    const bytes = isOneBlock ? undefined : unstuffed(input.read(length));
    const size = isOneBlock ? length - 1 : bytes?.length;
    if (size === undefined || size > this.#maxMessageSize) {
      // Up to the delimiter, which stays.
      if (isOneBlock) input.skip(length - 1);
      throw size === undefined
        ? recoverable("a COBS packet ends in the middle of a block; it is skipped")
        : tooLarge(this.#maxMessageSize, "always");
    }
    const message = bytes === undefined ? input.take(size) : input.message(bytes);
    input.skip(1);
    return message;
  }

  #skip(input: FrameInput<unknown>): boolean {
    const end = input.indexOf(DELIMITER);
    this.#isSkipping = end < 0;
    input.skip(end < 0 ? input.length : end);
    return end >= 0;
  }
}

/** How many bytes stuffing makes of `length`, at most, delimiter not counted. */
function mostStuffed(length: number): number {
  return length + Math.floor(length / LONGEST_BLOCK) + 1;
}

/** The packet that carries these bytes, delimiter included. */
function stuffed(bytes: Buffer): Buffer {
  const packet = Buffer.allocUnsafe(mostStuffed(bytes.length) + 1);
  let length = 0;
  const addBlock = (from: number, to: number): void => {
    packet[length] = to - from + 1;
    length += 1 + copied(bytes, from, to, packet, length + 1);
  };
  for (let at = 0, zero = 0; zero >= 0; at = zero + 1) {
    zero = bytes.indexOf(0, at);
    const stop = zero < 0 ? bytes.length : zero;
    let hasFull = false;
    for (; stop - at >= LONGEST_BLOCK; at += LONGEST_BLOCK) {
      addBlock(at, at + LONGEST_BLOCK);
      hasFull = true;
    }
    // A full block stands for no zero, so at the very end nothing needs to follow it.
    if (zero >= 0 || at < stop || !hasFull) addBlock(at, stop);
  }
  packet[length] = DELIMITER;
  return packet.subarray(0, length + 1);
}

/** The bytes that a packet carries; `undefined` if it ends in the middle of a block. */
function unstuffed(packet: Buffer): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(packet.length);
  let length = 0;
  for (let at = 0; at < packet.length;) {
    const code = packet[at] as number;
    const next = at + code;
    if (next > packet.length) return undefined;
    length += copied(packet, at + 1, next, bytes, length);
    if (code < FULL_CODE && next < packet.length) bytes[length++] = 0;
    at = next;
  }
  return bytes.subarray(0, length);
}

/** Copies bytes and returns how many; a few without a native call, which would cost more. */
function copied(source: Buffer, from: number, to: number, target: Buffer, at: number): number {
  if (to - from > FEW_BYTES) return source.copy(target, at, from, to);
  for (let index = from; index < to; index++) target[at + index - from] = source[index] as number;
  return to - from;
}
