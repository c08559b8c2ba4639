/** What a reader finds: bytes, the end, or that the connection was broken. */
export type Arrival = Buffer | "end" | "reset";

/** Bytes that may wait in a pipe for their reader. Of more, the writer knows that they have not left yet. */
const CAPACITY = 65_536;

/** How a pipe treats what is written to it. */
export interface PipeConduct {
  /** How long everything takes from one end to the other, in milliseconds. */
  readonly delayMs: number;
  /** The longest piece in which bytes arrive. */
  readonly pieceBytes: number;
  /** Whether everything that is written is lost. */
  readonly isSilent: boolean;
}

/** One direction of a connection in memory. Times are on the clock of `performance.now()`. */
export class MemoryPipe {
  readonly #conduct: PipeConduct;
  readonly #waiting: { readonly at: number; readonly what: Arrival }[] = [];
  #length = 0;
  #lastAt = 0;
  #isEnded = false;
  #isAbandoned = false;
  /** Called when there is something more to wait for. */
  onArrival: () => void = ignore;
  /** Called when the reader has taken bytes. */
  onTaken: () => void = ignore;
  /** Called when bytes are written that nobody will read. */
  onLost: () => void = ignore;

  constructor(conduct: PipeConduct) {
    this.#conduct = conduct;
  }

  /** Bytes that the pipe has no room for. */
  get queuedBytes(): number {
    return Math.max(0, this.#length - CAPACITY);
  }

  /** When the next arrival is due; `undefined` if nothing is on its way. */
  get dueAt(): number | undefined {
    return this.#waiting[0]?.at;
  }

  /** Whether the writer has nothing more to say. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Sends bytes, later by `afterMs` than the line alone would take. */
  write(bytes: Uint8Array, afterMs = 0): void {
    if (this.#isEnded || bytes.length === 0) return;
    if (this.#isAbandoned) return this.onLost();
    if (this.#conduct.isSilent) return;
    const { pieceBytes } = this.#conduct;
    for (let start = 0; start < bytes.length; start += pieceBytes) {
      this.#add(Buffer.from(bytes.subarray(start, start + pieceBytes)), afterMs);
    }
  }

  /** Ends the direction: in order, after everything that was written. */
  end(afterMs = 0): void {
    if (this.#isEnded) return;
    this.#add("end", afterMs);
    this.#isEnded = true;
  }

  /** Breaks the direction: what has not been read by then is lost. */
  reset(afterMs = 0): void {
    this.#isEnded = true;
    if (afterMs <= 0) this.#clear();
    this.#add("reset", afterMs);
  }

  /** The next arrival, if it is due. */
  take(now: number): Arrival | undefined {
    const [first] = this.#waiting;
    if (first === undefined || first.at > now) return undefined;
    this.#waiting.shift();
    if (typeof first.what !== "string") {
      this.#length -= first.what.length;
      this.onTaken();
    }
    return first.what;
  }

  /** Drops the bytes that have arrived. */
  flush(now: number): void {
    while (typeof this.#waiting[0]?.what === "object" && this.#waiting[0].at <= now) this.take(now);
  }

  /** Nobody reads any more. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#clear();
    this.onArrival = ignore;
    this.onTaken();
  }

  #add(what: Arrival, afterMs: number): void {
    this.#lastAt = Math.max(this.#lastAt, performance.now() + this.#conduct.delayMs + afterMs);
    this.#waiting.push({ at: this.#lastAt, what });
    if (typeof what === "object") this.#length += what.length;
    this.onArrival();
  }

  #clear(): void {
    this.#waiting.length = 0;
    this.#length = 0;
    this.#lastAt = 0;
  }
}

function ignore(): void {}
