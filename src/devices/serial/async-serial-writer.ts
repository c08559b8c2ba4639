import type { Duplex } from "node:stream";

/**
 * How much the system is given at once: what is counted as written is exact to this size, and small enough that even a
 * slow line shows progress.
 */
const SLICE = 1024;

/** A wait for the bytes before a position to be written. */
interface Waiter {
  readonly position: number;
  resolve(): void;
  reject(error: Error): void;
}

/** Writes to a serial stream slice by slice, and counts what the system has taken. */
export class SerialWriter {
  readonly #stream: Duplex;
  readonly #emptied: () => void;
  #pieces: Uint8Array[] = [];
  /** Where the next slice begins: a piece, and a position in it. */
  #piece = 0;
  #offset = 0;
  #queuedBytes = 0;
  #bytesWritten = 0;
  #isWriting = false;
  #waiters: Waiter[] = [];
  #stopped: Error | undefined;

  /** @param emptied called when the system has taken everything after it had not done so at once. */
  constructor(stream: Duplex, emptied: () => void) {
    this.#stream = stream;
    this.#emptied = emptied;
  }

  /** Bytes that the system has not taken yet, or never took because writing was stopped. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Bytes that the system has taken. */
  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /** Queues bytes. */
  write(pieces: readonly Uint8Array[]): void {
    if (this.#stopped !== undefined) return;
    for (const piece of pieces) {
      if (piece.length > 0) this.#pieces.push(piece);
      this.#queuedBytes += piece.length;
    }
    this.#pump();
  }

  /** Resolves when the system has taken everything queued so far; rejects if writing is stopped before. */
  async written(): Promise<void> {
    if (this.#stopped !== undefined) throw this.#stopped;
    if (this.#queuedBytes === 0) return;
    const position = this.#bytesWritten + this.#queuedBytes;
    await new Promise<void>((resolve, reject) => this.#waiters.push({ position, resolve, reject }));
  }

  /** Drops what is queued and takes no more; pending waits reject with the error. */
  stop(error: Error): void {
    this.#stopped ??= error;
    this.#pieces = [];
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  #pump(): void {
    while (!this.#isWriting && this.#queuedBytes > 0 && this.#stopped === undefined) {
      const slice = this.#nextSlice();
      let isTaken = false;
      const take = (): void => {
        isTaken = true;
        this.#taken(slice.length);
      };
      this.#isWriting = true;
      this.#stream.write(slice, (error) => {
        if (isTaken || error || this.#stopped !== undefined) return;
        take();
        this.#pump();
        if (this.#queuedBytes === 0) this.#emptied();
      });
      // The system mostly takes a slice at once, and the stream's callback would only say so later.
      if (this.#stream.writableLength === 0 && this.#stream.errored === null && !this.#stream.destroyed) take();
    }
  }

  #taken(size: number): void {
    this.#isWriting = false;
    this.#bytesWritten += size;
    this.#queuedBytes -= size;
    while (this.#waiters.length > 0 && (this.#waiters[0] as Waiter).position <= this.#bytesWritten) {
      this.#waiters.shift()?.resolve();
    }
  }

  /** The next bytes to be written: of one large piece, or of several small ones. */
  #nextSlice(): Uint8Array {
    const parts: Uint8Array[] = [];
    let size = 0;
    while (size < SLICE && this.#piece < this.#pieces.length) {
      const piece = this.#pieces[this.#piece] as Uint8Array;
      const part = piece.subarray(this.#offset, this.#offset + SLICE - size);
      parts.push(part);
      size += part.length;
      this.#offset += part.length;
      if (this.#offset === piece.length) {
        this.#piece++;
        this.#offset = 0;
      }
    }
    this.#dropPieces();
    return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
  }

  /** Lets go of the pieces that were given to the stream, seldom enough for many small ones to be cheap. */
  #dropPieces(): void {
    if (this.#piece < this.#pieces.length && this.#piece < 1024) return;
    this.#pieces.splice(0, this.#piece);
    this.#piece = 0;
  }
}
