import type { CheckedSettings } from "../../core/channel-settings.ts";
import { type PendingInput, ReceiveClock, type ReceiveDeadline } from "../../core/exchange/receive-clock.ts";

/** The {@link ReceiveClock} of an asynchronous connection, with one timer at the moment when it is due. */
export class AsyncReceiveTimer {
  readonly #clock: ReceiveClock | undefined;
  readonly #expired: (deadline: ReceiveDeadline) => void;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires; -Infinity: it is stopped. */
  #timerDue = Number.POSITIVE_INFINITY;
  #look: NodeJS.Immediate | undefined;

  /** @param expired called for each deadline that passes. */
  constructor(limits: CheckedSettings, expired: (deadline: ReceiveDeadline) => void) {
    const clock = new ReceiveClock(limits, performance.now());
    // Without limits, a connection does not pay for looks at the clock.
    this.#clock = clock.hasLimits ? clock : undefined;
    this.#expired = expired;
    this.#clock?.pause(performance.now());
  }

  /** Bytes came in. */
  received(): void {
    this.#clock?.received(performance.now());
  }

  /** A complete message was taken. */
  taken(): void {
    this.#clock?.taken();
  }

  /**
   * All that can be delivered now was delivered.
   *
   * @param pending what is left of the input.
   * @param isReading whether the other end is waited for.
   */
  settled(pending: PendingInput, isReading: boolean): void {
    if (this.#clock === undefined) return;
    this.#clock.settled(pending);
    if (isReading) this.#clock.resume(performance.now());
    else this.#clock.pause(performance.now());
    this.#arm(this.#clock);
  }

  /** One side was closed. */
  halfOpened(by: "self" | "peer"): void {
    if (this.#clock === undefined) return;
    this.#clock.halfOpened(by, performance.now());
    this.#arm(this.#clock);
  }

  /** Takes all deadlines back, for good. */
  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#look);
    this.#timer = undefined;
    this.#timerDue = Number.NEGATIVE_INFINITY;
  }

  /** A timer that is set too early is looked at when it fires: most deadlines only ever move away. */
  #arm(clock: ReceiveClock): void {
    const { due } = clock;
    if (due >= this.#timerDue) return;
    clearTimeout(this.#timer);
    this.#timerDue = due;
    this.#timer = setTimeout(() => this.#wake(clock), Math.max(1, Math.ceil(due - performance.now())));
  }

  #wake(clock: ReceiveClock): void {
    this.#timer = undefined;
    // What came in while the event loop was busy is read after the timers, and may move the deadline.
    this.#look = setImmediate(() => {
      this.#timerDue = Number.POSITIVE_INFINITY;
      const now = performance.now();
      for (let passed = clock.expired(now); passed !== undefined; passed = clock.expired(now)) this.#expired(passed);
      this.#arm(clock);
    });
  }
}
