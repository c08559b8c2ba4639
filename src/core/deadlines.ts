/** A timer that is told of so much later than asked for tells that the event loop was busy. */
const LATE_MS = 5;

/** Several deadlines on one timer. Moving a deadline is cheap: the timer is only looked at again when it fires. */
export class Deadlines<Kind> {
  readonly #due = new Map<Kind, number>();
  readonly #expired: (kind: Kind) => void;
  #timer: NodeJS.Timeout | undefined;
  #timerDue = Number.POSITIVE_INFINITY;
  #secondLook: NodeJS.Immediate | undefined;

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
    clearImmediate(this.#secondLook);
    this.#timer = undefined;
    this.#timerDue = Number.POSITIVE_INFINITY;
  }

  #arm(due: number, delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timerDue = due;
    this.#timer = setTimeout(() => this.#wake(), Math.ceil(delayMs));
  }

  #wake(): void {
    this.#timer = undefined;
    // What came in while the loop was busy is looked at after the timers: it may take the deadline back, or move it.
    if (performance.now() - this.#timerDue > LATE_MS) this.#secondLook = setImmediate(() => this.#look());
    else this.#look();
  }

  #look(): void {
    this.#timerDue = Number.POSITIVE_INFINITY;
    const now = performance.now();
    const passed = [...this.#due].filter(([, due]) => due <= now).toSorted(([, a], [, b]) => a - b);
    for (const [kind, due] of passed) {
      // A callback before may have taken this one back, or moved it.
      if (this.#due.get(kind) !== due) continue;
      this.#due.delete(kind);
      this.#expired(kind);
    }
    const next = Math.min(...this.#due.values());
    if (next < this.#timerDue) this.#arm(next, Math.max(1, next - performance.now()));
  }
}
