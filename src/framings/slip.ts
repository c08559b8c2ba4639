import { asBuffer } from "../core/data.ts";
import type { FrameInput, Framing, MessageBoundary } from "../core/framing.ts";
import { DEFAULT_MAX_PACKET_SIZE, recoverable, refused, tooLarge } from "../core/limits.ts";
import { integerOption } from "../core/options.ts";
import { shownByte } from "../core/bytes/shown-bytes.ts";

/** The options of SLIP framing. */
export interface SlipFramingOptions {
  /**
   * The largest message accepted, in bytes, without what stuffing adds; a larger one is an `ERR_FRAME_TOO_LARGE`, and the
   * channel continues with the next packet.
   *
   * @defaultValue 65536 (64 KiB)
   */
  maxMessageSize?: number;
}

const END = 0xc0;
const ESC = 0xdb;
/** What stands for END and ESC, behind an ESC. */
const ESC_END = 0xdc;
const ESC_ESC = 0xdd;
const MARK: Buffer = Buffer.of(END);
/** So few bytes are looked at one by one: a native search costs more. */
const FEW_BYTES = 16;

/**
 * SLIP packets (RFC 1055): an END byte before and after each, and escapes for END and ESC in it. Empty packets are skipped, so
 * an empty message cannot be sent. A packet with a wrong escape is an `ERR_FRAME_INVALID`, one that is too large an
 * `ERR_FRAME_TOO_LARGE`: the channel reports them and continues behind the next END.
 *
 * @phrase each message is a SLIP packet
 * @wire `C0`, the bytes with `C0` as `DB DC` and `DB` as `DB DD`, `C0`
 */
export class SlipFraming implements Framing {
  static readonly suffix = "WithSlip";
  static readonly boundary: MessageBoundary = "message";
  readonly #maxMessageSize: number;
  /** How many bytes of the packet at the front of the input were looked at, and how many ESC bytes are among them. */
  #scanned = 0;
  #escapes = 0;
  /** Whether what comes belongs to a packet that was reported already. */
  #isSkipping = false;

  /**
   * @throws OptionsError `ERR_OPTIONS`, naming the option and its value.
   */
  constructor(options: SlipFramingOptions) {
    this.#maxMessageSize = integerOption("maxMessageSize", options.maxMessageSize, DEFAULT_MAX_PACKET_SIZE, 1);
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    if (this.#isSkipping) this.#skip(input);
    if (this.#scanned === 0) skipEnds(input);
    const end = input.length - this.#scanned <= FEW_BYTES ? this.#scanFew(input) : this.#scan(input);
    if (end < 0) return undefined;
    const isPlain = this.#escapes === 0;
    this.#scanned = 0;
    this.#escapes = 0;
    const message = isPlain ? input.take(end) : input.message(unescaped(input.read(end)));
    input.skip(1);
    return message;
  }

  resume(): void {
    this.#scanned = 0;
    this.#escapes = 0;
    this.#isSkipping = true;
  }

  encode(payload: Uint8Array): readonly Uint8Array[] {
    if (payload.length === 0) throw refused("ERR_FRAME_INVALID", "SLIP has no empty packets: give at least one byte");
    return [MARK, escaped(asBuffer(payload)), MARK];
  }

  /** Looks at the new bytes one by one; where the packet ends, or -1. */
  #scanFew(input: FrameInput<unknown>): number {
    const { length } = input;
    for (let at = this.#scanned; at < length; at++) {
      const byte = input.at(at);
      if (byte === END) return at;
      if (byte === ESC) {
        if (at + 1 === length) break;
        this.#checkEscape(input, at);
        at++;
      }
      this.#scanned = at + 1;
      this.#checkSize(input);
    }
    return -1;
  }

  /** The same, from one byte with a meaning to the next. */
  #scan(input: FrameInput<unknown>): number {
    const end = input.indexOf(END, this.#scanned);
    const stop = end < 0 ? input.length : end;
    for (;;) {
      const found = input.indexOf(ESC, this.#scanned);
      const escape = found < 0 || found > stop ? stop : found;
      this.#scanned = escape;
      this.#checkSize(input);
      if (escape === stop) return end;
      if (escape + 1 === input.length) return -1;
      this.#checkEscape(input, escape);
      this.#scanned = escape + 2;
    }
  }

  #checkEscape(input: FrameInput<unknown>, at: number): void {
    const byte = input.at(at + 1);
    this.#escapes++;
    if (byte === ESC_END || byte === ESC_ESC) return;
    const text = `a SLIP escape is followed by ${shownByte(byte)} instead of DC or DD; the packet is skipped`;
    // An END there is the next END.
    this.#abandon(input, at + 1);
    throw recoverable(text);
  }

  #checkSize(input: FrameInput<unknown>): void {
    if (this.#scanned - this.#escapes <= this.#maxMessageSize) return;
    this.#abandon(input, this.#scanned);
    throw tooLarge(this.#maxMessageSize, "always");
  }

  /** Skips the packet at the front of the input: what is there of it now, up to `length`, and the rest when it comes. */
  #abandon(input: FrameInput<unknown>, length: number): void {
    input.skip(length);
    this.#scanned = 0;
    this.#escapes = 0;
    this.#isSkipping = true;
  }

  #skip(input: FrameInput<unknown>): void {
    const end = input.indexOf(END);
    this.#isSkipping = end < 0;
    input.skip(end < 0 ? input.length : end);
  }
}

function skipEnds(input: FrameInput<unknown>): void {
  let count = 0;
  while (count < input.length && input.at(count) === END) count++;
  if (count > 0) input.skip(count);
}

function unescaped(bytes: Buffer): Buffer {
  const result = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === ESC) result[length++] = bytes[++at] === ESC_END ? END : ESC;
    else result[length++] = byte;
  }
  return result.subarray(0, length);
}

function escaped(bytes: Buffer): Buffer {
  if (!bytes.includes(END) && !bytes.includes(ESC)) return bytes;
  const result = Buffer.allocUnsafe(bytes.length * 2);
  let length = 0;
  for (const byte of bytes) {
    const stands = byte === END ? ESC_END : byte === ESC ? ESC_ESC : -1;
    if (stands >= 0) result[length++] = ESC;
    result[length++] = stands >= 0 ? stands : byte;
  }
  return result.subarray(0, length);
}
