/** How much may be kept. */
const MAX_LENGTH = 16 * 1024 * 1024;

/**
 * What came in while something was written. Two ends that both only write would wait for each other for ever, and the
 * driver of a serial port loses what it cannot hold.
 */
export class ReadAhead {
  #pieces: Buffer[] = [];
  #length = 0;

  /** Whether nothing is kept. */
  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  /** Whether no more should be read for now. */
  get isFull(): boolean {
    return this.#length >= MAX_LENGTH;
  }

  /** Keeps bytes. */
  push(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }

  /** The oldest bytes, which are kept no longer. */
  take(): Buffer | undefined {
    if (this.isEmpty) return undefined;
    const bytes = this.#pieces.shift();
    this.#length -= bytes?.length ?? 0;
    return bytes;
  }

  /** Drops everything. */
  clear(): void {
    this.#pieces = [];
    this.#length = 0;
  }
}
