import { markAsUntransferable } from "node:worker_threads";
import { BufferView } from "./buffer-view.ts";

/** The memory that small messages share; a message that is kept holds no more than this. */
const SLAB_BYTES = 4096;
/** Larger messages get memory of their own. */
const LARGEST_SHARED = 1024;
/** A view may hold so many times its own length. */
const LARGEST_EXCESS = 4;

/** The slab in use, of all channels of this thread. */
let slab: Buffer = Buffer.alloc(0);
let slabUsed = 0;

/** Memory that holds other messages too must not be transferred to another thread: they would vanish. */
export function markAsShared(memory: ArrayBufferLike): void {
  markAsUntransferable(memory);
}

/**
 * Copies small messages out of large reads, so that a message that is kept does not keep the whole read. Copying is done
 * for many messages at once: the next bytes of the read go into a slab, and the messages are views of that.
 */
export class SmallCopies {
  /** What was copied: the bytes from `#from` to `#to` of `#source`, which start at `#at` in `#memory`. */
  #source: Buffer | undefined;
  #from = 0;
  #to = 0;
  #memory: ArrayBufferLike = slab.buffer;
  #at = 0;

  /** Whether a message of `length` bytes in `memory` holds so much that it is to be copied. */
  isNeeded(length: number, memory: ArrayBufferLike): boolean {
    return memory.byteLength > SLAB_BYTES && length * LARGEST_EXCESS < memory.byteLength;
  }

  /** The bytes of `source` from `start` on, in other memory. */
  copy(source: Buffer, start: number, length: number): Buffer {
    if (length > LARGEST_SHARED) {
      const own = Buffer.allocUnsafeSlow(length);
      source.copy(own, 0, start, start + length);
      markAsShared(own.buffer);
      return own;
    }
    if (source !== this.#source || start < this.#from || start + length > this.#to) this.#move(source, start, length);
    return new BufferView(this.#memory, this.#at + start - this.#from, length);
  }

  /** Lets go of the read. */
  clear(): void {
    this.#source = undefined;
  }

  #move(source: Buffer, start: number, length: number): void {
    if (slab.length - slabUsed < length) {
      slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      slabUsed = 0;
      markAsShared(slab.buffer);
    }
    const size = Math.min(slab.length - slabUsed, source.length - start);
    source.copy(slab, slabUsed, start, start + size);
    this.#source = source;
    this.#from = start;
    this.#to = start + size;
    this.#memory = slab.buffer;
    this.#at = slabUsed;
    slabUsed += size;
  }
}
