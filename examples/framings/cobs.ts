/** Packets in consistent overhead byte stuffing, as small devices send them over serial lines. */
import {
  type FrameInput,
  type Framing,
  FramingError,
  integerOption,
  type MessageBoundary,
  tooLarge,
} from "plib-io/data";

/** The options of COBS framing. */
export interface CobsFramingOptions {
  /**
   * The largest message accepted, in bytes; a larger one is an `ERR_FRAME_TOO_LARGE`.
   *
   * @defaultValue 4096
   */
  maxMessageSize?: number;
}

const DELIMITER = 0;
const CRC_SIZE = 2;
/** A block holds this many bytes that are not zero, and a byte before them that says how many. */
const LARGEST_BLOCK = 254;

/**
 * Packets that may hold any bytes, told apart by a zero byte: consistent overhead byte stuffing takes the zeros out of the
 * packets. Unlike those of the package's own COBS framing, each packet ends with a CRC-16 (CCITT: polynomial 0x1021, first
 * 0xFFFF), the more significant byte first. A damaged packet is reported as an `ERR_FRAME_INVALID` to `onError`, and the
 * next one is read.
 *
 * @phrase each message is a COBS packet with a checksum
 * @wire `<stuffed bytes and CRC-16>\0`
 */
export class CobsFraming implements Framing {
  static readonly suffix = "WithCobsCrc";
  static readonly boundary: MessageBoundary = "message";
  readonly #maxMessageSize: number;

  constructor(options: CobsFramingOptions) {
    this.#maxMessageSize = integerOption("maxMessageSize", options.maxMessageSize, 4096, 1);
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    // Empty packets carry nothing: devices send them to end whatever noise came before.
    while (input.length > 0 && input.at(0) === DELIMITER) input.skip(1);
    const end = input.indexOf(DELIMITER);
    const length = end < 0 ? input.length : end;
    if (length > stuffedSize(this.#maxMessageSize + CRC_SIZE)) throw tooLarge(this.#maxMessageSize);
    if (end < 0) return undefined;
    const stuffed = input.read(length);
    input.skip(1);
    const packet = unstuff(stuffed);
    if (packet === undefined) throw invalid("a packet ends in the middle of a block");
    const message = packet.subarray(0, -CRC_SIZE);
    if (packet.length < CRC_SIZE || packet.readUInt16BE(message.length) !== crc16(message))
      throw invalid(`the checksum of a packet of ${packet.length} bytes is wrong`);
    if (message.length > this.#maxMessageSize) throw tooLarge(this.#maxMessageSize);
    return input.message(message);
  }

  encode(payload: Uint8Array): Uint8Array {
    const packet = Buffer.allocUnsafe(payload.length + CRC_SIZE);
    packet.set(payload);
    packet.writeUInt16BE(crc16(payload), payload.length);
    return stuff(packet);
  }
}

/** How many bytes stuffing makes of `length`, at most. */
function stuffedSize(length: number): number {
  return length + Math.floor(length / LARGEST_BLOCK) + 1;
}

/** The packet with its zeros taken out, and the delimiter behind it. */
function stuff(packet: Uint8Array): Uint8Array {
  const out = Buffer.allocUnsafe(stuffedSize(packet.length) + 1);
  let header = 0;
  let size = 1;
  for (const [index, byte] of packet.entries()) {
    if (byte !== 0) out[header + size++] = byte;
    const isFull = size > LARGEST_BLOCK;
    // A full block stands for no zero, so at the very end nothing needs to follow it.
    if (byte !== 0 && (!isFull || index === packet.length - 1)) continue;
    out[header] = size;
    header += size;
    size = 1;
  }
  out[header] = size;
  out[header + size] = DELIMITER;
  return out.subarray(0, header + size + 1);
}

/** The packet with its zeros put back; `undefined` if it is cut off. */
function unstuff(stuffed: Uint8Array): Buffer | undefined {
  const out = Buffer.allocUnsafe(stuffed.length);
  let length = 0;
  for (let at = 0; at < stuffed.length;) {
    const size = stuffed[at] as number;
    if (at + size > stuffed.length) return undefined;
    out.set(stuffed.subarray(at + 1, at + size), length);
    length += size - 1;
    at += size;
    if (size <= LARGEST_BLOCK && at < stuffed.length) out[length++] = 0;
  }
  return out.subarray(0, length);
}

function crc16(bytes: Uint8Array): number {
  let crc = 0xff_ff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x80_00 ? 0x10_21 : 0)) & 0xff_ff;
  }
  return crc;
}

/** The bad packet is off the input, and the next one begins: the channel can go on. */
function invalid(text: string): FramingError {
  return new FramingError("ERR_FRAME_INVALID", text, { isRecoverable: true });
}
