import type { PoolTiming } from "./pool-timing.ts";

/** Remembers the deaths of children, and says how long to wait before the next is started. */
export class CrashRecord {
  readonly #timing: PoolTiming;
  #count = 0;
  #recent: number[] = [];
  #backOffMs = 0;
  #resumesAt = 0;

  constructor(timing: PoolTiming) {
    this.#timing = timing;
  }

  /** All deaths so far. */
  get count(): number {
    return this.#count;
  }

  /** A connection was served: whatever the deaths before meant, the server is of use. */
  forgive(): void {
    this.#recent = [];
    this.#backOffMs = 0;
  }

  /**
   * Records a death.
   *
   * @returns how long to wait before the next child is started, in milliseconds; infinite: there is no sense in going on.
   */
  add(): number {
    const { crashes, crashWindowMs, firstBackOffMs, longestBackOffMs } = this.#timing;
    const now = performance.now();
    this.#count++;
    // Those that were started before the wait began die in it, and say nothing new.
    if (now < this.#resumesAt) return 0;
    // The wait itself does not count: nothing could die meanwhile.
    this.#recent = [...this.#recent.filter((then) => now - then < crashWindowMs + this.#backOffMs), now];
    if (this.#recent.length < crashes) return 0;
    this.#backOffMs = this.#backOffMs === 0 ? firstBackOffMs : this.#backOffMs * 2;
    if (this.#backOffMs > longestBackOffMs) return Number.POSITIVE_INFINITY;
    this.#resumesAt = now + this.#backOffMs;
    return this.#backOffMs;
  }
}
