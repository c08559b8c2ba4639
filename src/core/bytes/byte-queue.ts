import { BufferView } from "./buffer-view.ts";
import { indexIn } from "./byte-search.ts";
import { oneByteText } from "./byte-text.ts";
import type { FrameInput } from "../framing.ts";
import { SearchMemo } from "./search-memo.ts";
import { markAsShared, SmallCopies } from "./small-copies.ts";

/** Pieces smaller than this are copied together while they wait for the rest of their message. */
const SMALL_PIECE = 1024;
/** The smallest and the largest of the blocks that small pieces are copied into. */
const SMALLEST_BLOCK = 4096;
const LARGEST_BLOCK = 65_536;
/** So many bytes are decoded at once, or so many times the message. Not more: a part of a text holds all of it. */
const TEXT_BYTES = 4096;
const TEXT_EXCESS = 32;
/** So few bytes are searched one by one: a native call costs more. */
const FEW_BYTES = 16;

/** The first piece of an empty queue. */
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * The bytes that were received and not yet made into messages, in the pieces in which they came. A message that lies in
 * one piece is handed out as a view of it; bytes of a message that comes in many pieces are copied once when they are
 * small, and once more when the message is complete. Nothing that was handed out is ever written to again.
 */
export class ByteQueue<Message extends string | Buffer = Buffer> implements FrameInput<Message> {
  /** The first piece; what is before `#offset` in it is gone. */
  #first: Buffer = NOTHING;
  #offset = 0;
  /** The memory that the first piece is a view of, and where it starts there. */
  #memory: ArrayBufferLike = NOTHING.buffer;
  #origin = 0;
  /** Part of the first piece, decoded, if a character is a byte in it; else `""`. */
  #text = "";
  /** From where to where in the first piece that was tried. */
  #textStart = 0;
  #textEnd = 0;
  /** The pieces after the first. */
  #rest: Buffer[] = [];
  /** The block that the last piece is a view of, if that was copied, and how much of the block is used. */
  #block: Buffer | undefined;
  #blockUsed = 0;
  /** Whether the block holds bytes that the last piece does not show yet; see {@link ByteQueue.#showBlock}. */
  #isBlockAhead = false;
  #length = 0;
  /** The piece that was last looked at, -1 for the first one, and its distance from the start of the first. */
  #piece = -1;
  #pieceStart = 0;
  /** How many bytes were ever dropped: what searches count from. */
  #dropped = 0;
  readonly #searches = new SearchMemo();
  /** Bytes of no message that the framing has reported. */
  #reported = 0;
  readonly #encoding: BufferEncoding | undefined;
  readonly #copies: SmallCopies | undefined;

  /**
   * @param encoding what messages are decoded with; without it they are `Buffer`s.
   * @param isCopying whether small messages are copied out of large pieces, instead of being views of them. Whoever keeps
   * a view keeps the whole piece.
   */
  constructor(encoding?: BufferEncoding, isCopying = false) {
    this.#encoding = encoding;
    this.#copies = isCopying ? new SmallCopies() : undefined;
  }

  get length(): number {
    return this.#length;
  }

  /** Appends received bytes. They belong to the queue from now on. */
  push(piece: Buffer): void {
    if (piece.length === 0) return;
    if (this.#copies !== undefined) markAsShared(piece.buffer);
    const isSmall = piece.length < SMALL_PIECE;
    if (!isSmall && this.#isBlockAhead) this.#showBlock();
    if (this.#length === 0) this.#setFirst(piece);
    else if (isSmall) this.#append(piece);
    else this.#rest.push(piece);
    if (!isSmall) this.#block = undefined;
    this.#length += piece.length;
  }

  /** Bytes of no message that the framing has reported since this was last called. */
  takeDropped(): number {
    const count = this.#reported;
    this.#reported = 0;
    return count;
  }

  reportDropped(count: number): void {
    this.#reported += count;
  }

  /** Drops everything. */
  clear(): void {
    this.skip(this.#length);
  }

  at(index: number): number {
    const position = this.#offset + index;
    if (position < this.#first.length && index >= 0) return this.#first[position] as number;
    if (!(index >= 0 && index < this.#length)) {
      throw new RangeError(`index ${index} is outside the ${this.#length} bytes of the queue`);
    }
    const fromEnd = this.#length - index;
    if (this.#block !== undefined && fromEnd <= this.#blockUsed)
      return this.#block[this.#blockUsed - fromEnd] as number;
    const piece = this.#locate(position);
    return piece[position - this.#pieceStart] as number;
  }

  indexOf(needle: number | Uint8Array, start = 0): number {
    const from = Math.max(start, this.#searches.recall(needle) - this.#dropped);
    const overlap = typeof needle === "number" ? 0 : needle.length - 1;
    const found = this.#search(needle, from, overlap);
    this.#searches.note(this.#dropped + (found >= 0 ? found : Math.max(from, this.#length - overlap)));
    return found;
  }

  take(length: number): Message {
    if (this.#isBlockAhead) this.#showBlock();
    const start = this.#offset;
    const isInFirst = start + length <= this.#first.length;
    if (this.#encoding !== undefined) {
      const text = isInFirst ? this.#textAt(start, start + length, this.#encoding) : undefined;
      if (text === undefined) return this.message(this.read(length));
      this.skip(length);
      return text as Message;
    }
    if (!isInFirst || this.#copies?.isNeeded(length, this.#memory) !== true) return this.read(length) as Message;
    const bytes = this.#copies.copy(this.#first, start, length);
    this.skip(length);
    return bytes as Message;
  }

  read(length: number): Buffer {
    if (this.#isBlockAhead) this.#showBlock();
    const start = this.#offset;
    const isInFirst = start + length <= this.#first.length;
    if (!isInFirst && !(length <= this.#length)) throw outside(length, this.#length);
    const bytes = isInFirst ? new BufferView(this.#memory, this.#origin + start, length) : this.#copy(0, length);
    // The same answer for every message: whether it came in one piece is not for its receiver to know.
    if (!isInFirst && this.#copies !== undefined) markAsShared(bytes.buffer);
    this.skip(length);
    return bytes;
  }

  skip(length: number): void {
    if (!(length >= 0 && length <= this.#length)) throw outside(length, this.#length);
    if (this.#isBlockAhead) this.#showBlock();
    this.#length -= length;
    this.#dropped += length;
    this.#offset += length;
    if (this.#offset >= this.#first.length) this.#dropPieces();
  }

  message(bytes: Buffer): Message {
    if (this.#encoding !== undefined) return bytes.toString(this.#encoding) as Message;
    const isCopied = this.#copies?.isNeeded(bytes.length, bytes.buffer) === true;
    return (isCopied ? this.#copies?.copy(bytes, 0, bytes.length) : bytes) as Message;
  }

  /** The text of the bytes from `start` to `end` of the first piece. */
  #textAt(start: number, end: number, encoding: BufferEncoding): string {
    if (end > this.#textEnd) {
      const length = end - start;
      const windowEnd = Math.min(this.#first.length, start + Math.max(TEXT_BYTES, length * TEXT_EXCESS));
      // A message that is most of what is left is decoded alone, or a piece with one message would be decoded twice.
      const isAlone = length * 2 >= windowEnd - start;
      this.#text = isAlone ? "" : oneByteText(this.#first.subarray(start, windowEnd), encoding);
      this.#textStart = start;
      this.#textEnd = isAlone ? end : windowEnd;
    }
    if (this.#text === "") return this.#first.toString(encoding, start, end);
    return this.#text.slice(start - this.#textStart, end - this.#textStart);
  }

  #setFirst(piece: Buffer): void {
    this.#first = piece;
    this.#memory = piece.buffer;
    this.#origin = piece.byteOffset;
    this.#textEnd = 0;
    this.#text = "";
  }

  /** Lets go of the pieces that lie before `#offset`, and of all memory once the queue is empty. */
  #dropPieces(): void {
    this.#piece = -1;
    this.#pieceStart = 0;
    if (this.#length === 0) {
      this.#rest = [];
      this.#block = undefined;
      this.#offset = 0;
      this.#copies?.clear();
      this.#setFirst(NOTHING);
      return;
    }
    let dropped = 0;
    let first = this.#first;
    while (this.#offset >= first.length) {
      this.#offset -= first.length;
      first = this.#rest[dropped++] as Buffer;
    }
    this.#setFirst(first);
    this.#rest.splice(0, dropped);
  }

  /** The bytes from `start` to `end`, in memory of their own. */
  #copy(start: number, end: number): Buffer {
    const joined = Buffer.allocUnsafe(end - start);
    let position = this.#offset + start;
    for (let filled = 0; filled < joined.length;) {
      const copied = this.#locate(position).copy(joined, filled, position - this.#pieceStart);
      filled += copied;
      position += copied;
    }
    return joined;
  }

  /** Copies a small piece behind the last one, so that a message in tiny pieces does not cost an object for each. */
  #append(piece: Buffer): void {
    const used = this.#blockUsed;
    if (this.#block === undefined || used + piece.length > this.#block.length) {
      if (this.#isBlockAhead) this.#showBlock();
      // As large as what waits already: the cost per byte stays the same however long the message grows.
      this.#block = Buffer.allocUnsafeSlow(Math.min(LARGEST_BLOCK, Math.max(SMALLEST_BLOCK, this.#length)));
      this.#blockUsed = piece.copy(this.#block);
      this.#rest.push(this.#block.subarray(0, this.#blockUsed));
      return;
    }
    if (piece.length > FEW_BYTES) piece.copy(this.#block, used);
    else for (let at = 0; at < piece.length; at++) this.#block[used + at] = piece[at] as number;
    this.#blockUsed = used + piece.length;
    this.#isBlockAhead = true;
  }

  /** Makes the last piece show all that is in its block. Not done for each byte that comes: a view costs more than a byte. */
  #showBlock(): void {
    this.#isBlockAhead = false;
    const grown = (this.#block as Buffer).subarray(0, this.#blockUsed);
    if (this.#rest.length === 0) this.#setFirst(grown);
    else this.#rest[this.#rest.length - 1] = grown;
  }

  /** The piece that holds a position, counted from the start of the first piece. Quick where positions only grow. */
  #locate(position: number): Buffer {
    if (position < this.#pieceStart) {
      this.#piece = -1;
      this.#pieceStart = 0;
    }
    for (;;) {
      const piece = this.#piece < 0 ? this.#first : (this.#rest[this.#piece] as Buffer);
      if (position < this.#pieceStart + piece.length) return piece;
      this.#pieceStart += piece.length;
      this.#piece++;
    }
  }

  #search(needle: number | Uint8Array, from: number, overlap: number): number {
    if (this.#length - overlap - from <= FEW_BYTES) return this.#indexInFew(needle, from, this.#length - overlap);
    if (this.#isBlockAhead) this.#showBlock();
    return this.#rest.length === 0 ? this.#indexInFirst(needle, from) : this.#indexInPieces(needle, from);
  }

  #indexInFew(needle: number | Uint8Array, from: number, end: number): number {
    for (let at = from; at < end; at++) {
      if (typeof needle === "number") {
        if (this.at(at) === needle) return at;
        continue;
      }
      let matched = 0;
      while (matched < needle.length && this.at(at + matched) === needle[matched]) matched++;
      if (matched === needle.length) return at;
    }
    return -1;
  }

  #indexInFirst(needle: number | Uint8Array, from: number): number {
    const found = indexIn(this.#first, needle, this.#offset + from);
    return found < 0 ? -1 : found - this.#offset;
  }

  #indexInPieces(needle: number | Uint8Array, from: number): number {
    const overlap = typeof needle === "number" ? 0 : needle.length - 1;
    for (let at = from; at < this.#length;) {
      const piece = this.#locate(this.#offset + at);
      const start = this.#pieceStart - this.#offset;
      const end = start + piece.length;
      const found = at + overlap < end ? indexIn(piece, needle, at - start) : -1;
      if (found >= 0) return start + found;
      const across = typeof needle === "number" ? -1 : this.#indexAcross(needle, piece, Math.max(at, end - overlap));
      if (across >= 0) return across;
      at = end;
    }
    return -1;
  }

  /** Where `needle` starts in the last bytes of a piece, from `from` on, to end in the following ones. */
  #indexAcross(needle: Uint8Array, piece: Buffer, from: number): number {
    const start = this.#pieceStart - this.#offset;
    const end = start + piece.length;
    if (end === this.#length) return -1;
    const lead = piece.indexOf(needle[0] as number, from - start);
    if (lead < 0) return -1;
    const seam = this.#copy(start + lead, Math.min(this.#length, end + needle.length - 1));
    const found = indexIn(seam, needle, 0);
    return found < 0 ? -1 : start + lead + found;
  }
}

function outside(length: number, available: number): RangeError {
  return new RangeError(`${length} bytes were asked of a queue of ${available}`);
}
