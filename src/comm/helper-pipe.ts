/** Where the bytes begin, behind the words. */
const HEADER_BYTES = 64;
/** How much the writer may write in one go. */
export const LARGEST_PORTION = 65_536;
/** Two portions, so that one can come in while the other is taken. */
const CAPACITY = 2 * LARGEST_PORTION;

/** Changes with everything that the writer does: what the reader waits on. */
const SIGNAL = 0;
/** How many bytes were ever written and taken; both run over, which does no harm to their difference. */
const WRITTEN = 1;
const TAKEN = 2;
const END = 3;
/** 1: the writer has stopped, because there is no room for another portion. */
const STOPPED = 4;
const DESCRIPTOR = 5;
const WORDS = 6;

const FREE = 0;
const IN_USE = 1;
const GONE = 2;

/** How long at a time the writer waits for the reader to let go of the descriptor; that is held for a system call only. */
const DESCRIPTOR_WAIT_MS = 1;

/** What follows the bytes: nothing yet, the end of the stream, or a fault. */
export type PipeEnd = "open" | "ended" | "broken";

const ENDS: readonly PipeEnd[] = ["open", "ended", "broken"];

/**
 * The bytes that a helper thread has read for its owner, in memory that both share: the helper writes, the owner reads,
 * and waits without an event loop. It also tells whether the descriptor of the stream may be used by the owner.
 */
export class HelperPipe {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #counts: Uint32Array;
  readonly #bytes: Uint8Array;

  /** @param memory of another pipe: that of the other thread, or one that is not used any more. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(HEADER_BYTES + CAPACITY)) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, WORDS);
    this.#counts = new Uint32Array(memory, 0, WORDS);
    this.#bytes = new Uint8Array(memory, HEADER_BYTES);
  }

  /** Makes the pipe as good as new. Both threads must have done with it. */
  reset(): void {
    this.#words.fill(0);
  }

  /**
   * Writer: appends bytes, at most {@link LARGEST_PORTION}.
   *
   * @returns whether there is room for another portion; if not, the reader's {@link take} asks for it.
   */
  write(portion: Uint8Array): boolean {
    const written = Atomics.load(this.#counts, WRITTEN);
    const start = written % CAPACITY;
    const fitting = Math.min(portion.length, CAPACITY - start);
    this.#bytes.set(portion.subarray(0, fitting), start);
    this.#bytes.set(portion.subarray(fitting), 0);
    Atomics.store(this.#counts, WRITTEN, written + portion.length);
    this.#wake();
    if (this.#hasRoom()) return true;
    Atomics.store(this.#words, STOPPED, 1);
    // The reader may have made room before it could see that it is waited for.
    return this.#hasRoom() && Atomics.exchange(this.#words, STOPPED, 0) === 1;
  }

  /** Writer: says that nothing will follow; only the first time counts. */
  close(end: Exclude<PipeEnd, "open">): void {
    Atomics.compareExchange(this.#words, END, 0, ENDS.indexOf(end));
    this.#wake();
  }

  /** Reader: what follows the bytes. Ask before {@link take}: what is taken then is all there is. */
  get end(): PipeEnd {
    return ENDS[Atomics.load(this.#words, END)] as PipeEnd;
  }

  /** Reader: to be given to {@link wait}; ask before looking for bytes. */
  get signal(): number {
    return Atomics.load(this.#words, SIGNAL);
  }

  /** Reader: blocks the thread until the writer has done something since the signal, or the time is over. */
  wait(signal: number, timeoutMs: number): void {
    Atomics.wait(this.#words, SIGNAL, signal, timeoutMs);
  }

  /** Reader: takes bytes out; none if there are none. */
  take(): Buffer | undefined {
    const length = this.#waiting();
    if (length === 0) return undefined;
    const taken = Atomics.load(this.#counts, TAKEN);
    const start = taken % CAPACITY;
    const fitting = Math.min(length, CAPACITY - start);
    const bytes = Buffer.allocUnsafeSlow(length);
    bytes.set(this.#bytes.subarray(start, start + fitting));
    if (fitting < length) bytes.set(this.#bytes.subarray(0, length - fitting), fitting);
    Atomics.store(this.#counts, TAKEN, taken + length);
    return bytes;
  }

  /** Reader: whether the writer has stopped and there is room again; it counts as asked to go on then. */
  wantsMore(): boolean {
    return (
      Atomics.load(this.#words, STOPPED) === 1 && this.#hasRoom() && Atomics.exchange(this.#words, STOPPED, 0) === 1
    );
  }

  /** Reader: claims the descriptor of the stream for a system call; `false` if it is closed. Then {@link release} it. */
  claim(): boolean {
    return Atomics.compareExchange(this.#words, DESCRIPTOR, FREE, IN_USE) === FREE;
  }

  /** Reader: gives the descriptor back. */
  release(): void {
    Atomics.store(this.#words, DESCRIPTOR, FREE);
  }

  /** Writer: before the descriptor is closed, for then its number may be anybody's. */
  retire(): void {
    while (Atomics.compareExchange(this.#words, DESCRIPTOR, FREE, GONE) === IN_USE) {
      Atomics.wait(this.#words, DESCRIPTOR, IN_USE, DESCRIPTOR_WAIT_MS);
    }
  }

  #hasRoom(): boolean {
    return CAPACITY - this.#waiting() >= LARGEST_PORTION;
  }

  /** How many bytes were written and not taken. */
  #waiting(): number {
    return (Atomics.load(this.#counts, WRITTEN) - Atomics.load(this.#counts, TAKEN)) >>> 0;
  }

  #wake(): void {
    Atomics.add(this.#words, SIGNAL, 1);
    Atomics.notify(this.#words, SIGNAL);
  }
}
