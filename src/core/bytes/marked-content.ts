/** What stands between a start and an end marker: bytes as they are, or with escapes. */
import { asBuffer } from "../data.ts";
import type { FrameInput } from "../framing.ts";
import { refused } from "../limits.ts";
import { Markers } from "./markers.ts";
import { shownBytes } from "./shown-bytes.ts";

/** How far the content of a message reaches. */
export interface ContentEnd {
  /** The marker that ends it; `"none"` if there is none yet. */
  readonly marker: "start" | "end" | "none";
  /** Where that marker starts; without one, how many bytes from the front are certainly not part of one. */
  readonly at: number;
  /** How many bytes the content has up to there, without escapes. */
  readonly size: number;
}

/** How content is written between the markers. */
export interface MarkedContent {
  /**
   * Where the content that begins at index `from` ends. Called again with more input until there is an end, or until
   * {@link restart}.
   *
   * @param maxSize content larger than this need not be looked at to its end.
   */
  find(input: FrameInput<unknown>, from: number, maxSize: number): ContentEnd;
  /** Takes content of so many bytes, escapes included, off the front of the input. */
  take<Message>(input: FrameInput<Message>, length: number): Message;
  /** What comes is the content of another message. */
  restart(): void;
  /**
   * The bytes that carry a payload.
   *
   * @throws FramingError `ERR_TERMINATOR_IN_PAYLOAD` if it cannot be carried.
   */
  encode(payload: Uint8Array): Uint8Array;
}

/** Content as it is, which contains neither marker. */
export class PlainContent implements MarkedContent {
  readonly #end: Buffer;
  readonly #markers: Markers;
  readonly #canOverlap: boolean;

  constructor(start: Buffer, end: Buffer) {
    this.#end = end;
    this.#markers = new Markers([end, start]);
    this.#canOverlap = this.#markers.canOverlap(end);
  }

  find(input: FrameInput<unknown>, from: number): ContentEnd {
    const found = this.#markers.findIn(input, from);
    if (found !== undefined) {
      return { marker: found.index === 0 ? "end" : "start", at: found.start, size: found.start - from };
    }
    // The first bytes of a marker may be there already.
    const at = Math.max(from, input.length - this.#markers.longest + 1);
    return { marker: "none", at, size: at - from };
  }

  take<Message>(input: FrameInput<Message>, length: number): Message {
    return input.take(length);
  }

  restart(): void {
    // Nothing is remembered.
  }

  encode(payload: Uint8Array): Uint8Array {
    const at = this.#canOverlap
      ? this.#markers.findEarly(payload, this.#end)
      : (this.#markers.find(asBuffer(payload))?.start ?? -1);
    if (at < 0) return payload;
    const text = `the payload contains the start or the end marker at byte ${at}; encode it, or set the option escape`;
    throw refused("ERR_TERMINATOR_IN_PAYLOAD", text);
  }
}

/** So few bytes are looked at one by one: a native search costs more. */
const FEW_BYTES = 16;

/** Content in which an escape makes the byte behind it plain. */
export class StuffedContent implements MarkedContent {
  readonly #start: Buffer;
  readonly #end: Buffer;
  readonly #escape: number;
  readonly #xor: number;
  /** The bytes that are escaped: the escape, and what the markers begin with. */
  readonly #special: readonly number[];
  /** Whether a byte is one of them. */
  readonly #isSpecial = new Uint8Array(256);
  /** How many bytes of the content were looked at, and how many escapes are among them. */
  #scanned = 0;
  #escapes = 0;

  constructor(start: Buffer, end: Buffer, escape: number, xor: number) {
    this.#start = start;
    this.#end = end;
    this.#escape = escape;
    this.#xor = xor;
    this.#special = [...new Set([escape, start[0] as number, end[0] as number])];
    for (const byte of this.#special) this.#isSpecial[byte] = 1;
  }

  /** Why these markers and this escape do not go together; `undefined` if they do. */
  get fault(): string | undefined {
    const pairs = this.#special.map((byte) => Buffer.of(this.#escape, byte ^ this.#xor));
    for (const marker of [this.#start, this.#end]) {
      const begins = marker.subarray(0, 2);
      const isTaken = marker.length === 1 ? marker[0] === this.#escape : pairs.some((pair) => pair.equals(begins));
      if (isTaken) return `give a byte that is not taken for the marker ${shownBytes(marker)}`;
    }
    return undefined;
  }

  find(input: FrameInput<unknown>, from: number, maxSize: number): ContentEnd {
    for (;;) {
      const at = this.#nextSpecial(input, from + this.#scanned);
      this.#scanned = at - from;
      const size = this.#scanned - this.#escapes;
      if (at === input.length || size > maxSize) return { marker: "none", at, size };
      const found = this.#markerAt(input, at);
      if (found === "end" || found === "start") return { marker: found, at, size };
      const isEscape = found === "none" && input.at(at) === this.#escape;
      if (found === "partial" || (isEscape && at + 1 === input.length)) return { marker: "none", at, size };
      this.#scanned += isEscape ? 2 : 1;
      if (isEscape) this.#escapes++;
    }
  }

  take<Message>(input: FrameInput<Message>, length: number): Message {
    return this.#escapes === 0 ? input.take(length) : input.message(this.#unescaped(input.read(length)));
  }

  restart(): void {
    this.#scanned = 0;
    this.#escapes = 0;
  }

  encode(payload: Uint8Array): Uint8Array {
    const bytes = asBuffer(payload);
    if (!this.#special.some((byte) => bytes.includes(byte))) return payload;
    const result = Buffer.allocUnsafe(bytes.length * 2);
    let length = 0;
    for (const byte of bytes) {
      const isSpecial = this.#isSpecial[byte] === 1;
      if (isSpecial) result[length++] = this.#escape;
      result[length++] = isSpecial ? byte ^ this.#xor : byte;
    }
    return result.subarray(0, length);
  }

  /** Where the next special byte is; the length of the input if there is none. */
  #nextSpecial(input: FrameInput<unknown>, from: number): number {
    const { length } = input;
    if (length - from <= FEW_BYTES) {
      let at = from;
      while (at < length && this.#isSpecial[input.at(at)] === 0) at++;
      return at;
    }
    let next = length;
    for (const byte of this.#special) {
      const at = input.indexOf(byte, from);
      if (at >= 0 && at < next) next = at;
    }
    return next;
  }

  /** Which marker starts here; `"partial"` if there is too little input to say. */
  #markerAt(input: FrameInput<unknown>, at: number): "start" | "end" | "partial" | "none" {
    const end = matches(this.#end, input, at);
    if (end === "whole") return "end";
    const start = matches(this.#start, input, at);
    if (start === "whole") return "start";
    return end === "partial" || start === "partial" ? "partial" : "none";
  }

  #unescaped(bytes: Buffer): Buffer {
    const result = Buffer.allocUnsafe(bytes.length);
    let length = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      result[length++] = byte === this.#escape ? (bytes[++at] as number) ^ this.#xor : byte;
    }
    return result.subarray(0, length);
  }
}

/** Whether the input has these bytes at an index, as a whole or as far as the input goes. */
function matches(bytes: Buffer, input: FrameInput<unknown>, at: number): "whole" | "partial" | "no" {
  const length = Math.min(bytes.length, input.length - at);
  for (let index = 0; index < length; index++) if (input.at(at + index) !== bytes[index]) return "no";
  return length === bytes.length ? "whole" : "partial";
}
