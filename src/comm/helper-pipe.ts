/** Where the bytes begin, behind the words. */
const HEADER_BYTES = 64;
/** How much the helper may write at once. */
export const LARGEST_PORTION = 65_536;

/** Changes with everything that the helper does: what the owner waits on. */
const SIGNAL = 0;
/** 1 while the helper is asked to read; what it has read is in its place when this is 0 again. */
const ASKED = 1;
const LENGTH = 2;
const END = 3;
const DESCRIPTOR = 4;
const WAITING = 5;
const WORDS = 6;

const FREE = 0;
const IN_USE = 1;
const GONE = 2;

const NON_BLOCKING = 0;
const BLOCKING_WANTED = 1;
const BLOCKING = 2;

/** How long at a time the helper waits for the owner to let go of the descriptor, which is in use for moments only. */
const DESCRIPTOR_WAIT_MS = 1;

/** What follows the bytes: nothing yet, the end of the stream, or a fault. */
export type PipeEnd = "open" | "ended" | "broken";

const ENDS: readonly PipeEnd[] = ["open", "ended", "broken"];

/**
 * What a helper thread reads for its owner, in memory that both share: the owner asks for a portion, and waits for it
 * without an event loop. The pipe also tells which of them may use the descriptor of the stream.
 */
export class HelperPipe {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  /** @param memory of the other thread's end of the pipe. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(HEADER_BYTES + LARGEST_PORTION)) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, WORDS);
    this.#bytes = new Uint8Array(memory, HEADER_BYTES);
  }

  /** Makes the pipe as good as new. Both threads must have done with it. */
  reset(): void {
    this.#words.fill(0);
  }

  /** Helper: hands over the portion that was asked for, at most {@link LARGEST_PORTION} bytes. */
  write(portion: Uint8Array): void {
    this.#bytes.set(portion);
    Atomics.store(this.#words, LENGTH, portion.length);
    Atomics.store(this.#words, ASKED, 0);
    this.#wake();
  }

  /** Helper: says that nothing will follow; only the first time counts. */
  close(end: Exclude<PipeEnd, "open">): void {
    Atomics.compareExchange(this.#words, END, 0, ENDS.indexOf(end));
    this.#wake();
  }

  /** Helper: before the descriptor is closed, for then its number may be anybody's. */
  retire(): void {
    while (Atomics.compareExchange(this.#words, DESCRIPTOR, FREE, GONE) === IN_USE) {
      Atomics.wait(this.#words, DESCRIPTOR, IN_USE, DESCRIPTOR_WAIT_MS);
    }
  }

  // Looks that every exchange pays for are plain: what they miss, the next look sees.

  /** Owner: whether the helper is asked to read; nobody else must read then. */
  get isAsked(): boolean {
    return this.#words[ASKED] === 1;
  }

  /** Owner: whether the helper may be asked to read now; it counts as asked then. */
  ask(): boolean {
    if (Atomics.load(this.#words, ASKED) === 1 || Atomics.load(this.#words, LENGTH) !== 0) return false;
    Atomics.store(this.#words, ASKED, 1);
    return true;
  }

  /** Owner: what follows the bytes. Look at it before {@link take}: what is taken then is all there is. */
  get end(): PipeEnd {
    return ENDS[Atomics.load(this.#words, END)] as PipeEnd;
  }

  /** Owner: takes the portion that the helper has read. */
  take(): Buffer | undefined {
    if (this.isAsked || this.#words[LENGTH] === 0) return undefined;
    const length = Atomics.exchange(this.#words, LENGTH, 0);
    return length === 0 ? undefined : Buffer.from(this.#bytes.subarray(0, length));
  }

  /** Owner: to be given to {@link wait}; look at it before looking for bytes. */
  get signal(): number {
    return Atomics.load(this.#words, SIGNAL);
  }

  /** Owner: blocks the thread until the helper has done something since the signal, or the time is over. */
  wait(signal: number, timeoutMs: number): void {
    Atomics.wait(this.#words, SIGNAL, signal, timeoutMs);
  }

  /** Owner: claims the descriptor of the stream for a moment; `false` if it is closed. Then {@link release} it. */
  claim(): boolean {
    return Atomics.compareExchange(this.#words, DESCRIPTOR, FREE, IN_USE) === FREE;
  }

  /** Owner: gives the descriptor back. */
  release(): void {
    Atomics.store(this.#words, DESCRIPTOR, FREE);
  }

  /** Owner: whether calls on the descriptor wait in the system. While they do, the helper must not be asked to read. */
  get isBlocking(): boolean {
    return this.#words[WAITING] === BLOCKING;
  }

  /** Owner: asks for a descriptor that waits; the helper has to be told, too. */
  wantBlocking(): void {
    Atomics.compareExchange(this.#words, WAITING, NON_BLOCKING, BLOCKING_WANTED);
  }

  /** Owner: takes that back, in case the helper has not come to it; then {@link isBlocking} is final. */
  unwantBlocking(): void {
    Atomics.compareExchange(this.#words, WAITING, BLOCKING_WANTED, NON_BLOCKING);
  }

  /** Helper: whether the owner still wants a descriptor that waits; it counts as one then. */
  beginBlocking(): boolean {
    return Atomics.compareExchange(this.#words, WAITING, BLOCKING_WANTED, BLOCKING) === BLOCKING_WANTED;
  }

  /** Helper: after the descriptor was made one that does not wait. */
  endBlocking(): void {
    Atomics.store(this.#words, WAITING, NON_BLOCKING);
  }

  #wake(): void {
    Atomics.add(this.#words, SIGNAL, 1);
    Atomics.notify(this.#words, SIGNAL);
  }
}
