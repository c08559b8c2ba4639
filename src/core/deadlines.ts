/** Several deadlines on one timer. Moving a deadline is cheap: the timer is only looked at again when it fires. */
export class Deadlines<Kind> {
  readonly #due = new Map<Kind, number>();
  readonly #expired: (kind: Kind) => void;
  #timer: NodeJS.Timeout | undefined;
  #timerDue = Number.POSITIVE_INFINITY;

  /** @param expired called once for each deadline that passes. */
  constructor(expired: (kind: Kind) => void) {
    this.#expired = expired;
  }

  /** Sets a deadline, or moves it; 0 milliseconds mean none. */
  set(kind: Kind, delayMs: number): void {
    if (delayMs === 0) return;
    const due = performance.now() + delayMs;
    this.#due.set(kind, due);
    if (due < this.#timerDue) this.#arm(due, delayMs);
    else if (this.#due.size === 1) this.#timer?.ref();
  }

  /** Whether a deadline is set. */
  has(kind: Kind): boolean {
    return this.#due.has(kind);
  }

  /** Takes a deadline back. */
  clear(kind: Kind): void {
    this.#due.delete(kind);
    // The timer stays for the next deadline, but does not keep the process alive for none.
    if (this.#due.size === 0) this.#timer?.unref();
  }

  /** Takes all deadlines back and lets go of the timer. */
  clearAll(): void {
    this.#due.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerDue = Number.POSITIVE_INFINITY;
  }

  #arm(due: number, delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timerDue = due;
    this.#timer = setTimeout(() => this.#look(), Math.ceil(delayMs));
  }

  #look(): void {
    this.#timer = undefined;
    this.#timerDue = Number.POSITIVE_INFINITY;
    const now = performance.now();
    // A map may change while it is walked: what a callback takes back is not visited, what it sets anew is not yet due.
    for (const [kind, due] of this.#due) {
      if (due > now) continue;
      this.#due.delete(kind);
      this.#expired(kind);
    }
    const next = Math.min(...this.#due.values());
    if (next < this.#timerDue) this.#arm(next, Math.max(1, next - performance.now()));
  }
}
