import type { CheckedSettings } from "../channel-settings.ts";

/** The deadlines of the receiving side. Of several that pass at the same moment, the first in this order is reported. */
const DEADLINES = ["silence", "message", "half-open", "idle"] as const;

/** A deadline of the receiving side. */
export type ReceiveDeadline = (typeof DEADLINES)[number];

/**
 * What is left of the input once all complete messages were taken: `"nothing"`; part of a `"message"`; `"noise"`, bad bytes
 * that are dropped until the line is silent.
 */
export type PendingInput = "nothing" | "message" | "noise";

/** The limits that a {@link ReceiveClock} keeps, in milliseconds; 0 means none. */
export type ReceiveLimits = Pick<
  CheckedSettings,
  "idleTimeoutMs" | "messageTimeoutMs" | "interByteTimeoutMs" | "halfOpenTimeoutMs"
>;

const NEVER = Number.POSITIVE_INFINITY;

/**
 * When the receiving side of a connection has waited long enough. Both modes ask it, so both have the same deadlines: the
 * asynchronous mode keeps one timer at {@link due}, the blocking mode waits until {@link due}. It has no timer of its own;
 * its methods take the time `now`, in milliseconds on the clock of `performance.now()`, which never goes back.
 *
 * | deadline | runs while | counts from | limit |
 * | --- | --- | --- | --- |
 * | `idle` | the other end may still send | the last byte | `idleTimeoutMs` |
 * | `message` | part of a message is there | its first byte | `messageTimeoutMs` |
 * | `silence` | part of a message, or noise, is there | the last byte | `interByteTimeoutMs` |
 * | `half-open` | one side is closed | that moment | `halfOpenTimeoutMs` |
 *
 * The time between {@link pause} and {@link resume}, in which nobody reads because a message is being processed or answers
 * wait to be sent, does not count, except for `half-open`. Silence has to be observed from its beginning to its end: after
 * a pause it starts again.
 *
 * For bytes that were read, call {@link received}; for each complete message that they make, {@link taken}; then
 * {@link settled}. When a wait ends at {@link due}, and after {@link settled}, ask {@link expired} until it answers
 * `undefined`. Bytes that are there when a deadline is looked at come first: an event loop or a thread that is late must not
 * time the other end out.
 */
export class ReceiveClock {
  readonly #limits: ReceiveLimits;
  #pending: PendingInput = "nothing";
  #lastByte: number;
  /** What the limits count from; infinite while a deadline does not run. */
  #idleFrom: number;
  #messageFrom = NEVER;
  #quietFrom: number;
  #halfOpenFrom = NEVER;
  /** Infinite while somebody reads. */
  #pausedAt = NEVER;

  /** @param now when the connection was opened. */
  constructor(limits: ReceiveLimits, now: number) {
    this.#limits = limits;
    this.#lastByte = now;
    this.#idleFrom = now;
    this.#quietFrom = now;
  }

  /** Whether there is any limit: without one, the clock never expires and need not be told anything. */
  get hasLimits(): boolean {
    const { idleTimeoutMs, messageTimeoutMs, interByteTimeoutMs, halfOpenTimeoutMs } = this.#limits;
    return idleTimeoutMs > 0 || messageTimeoutMs > 0 || interByteTimeoutMs > 0 || halfOpenTimeoutMs > 0;
  }

  /** The earliest moment at which a deadline passes; infinite if none runs. */
  get due(): number {
    const halfOpen = this.#dueOf("half-open");
    if (this.#pausedAt !== NEVER) return halfOpen;
    return Math.min(this.#dueOf("idle"), this.#dueOf("message"), this.#dueOf("silence"), halfOpen);
  }

  /** Bytes came in. */
  received(now: number): void {
    this.#lastByte = now;
    this.#quietFrom = now;
    if (this.#idleFrom !== NEVER) this.#idleFrom = now;
  }

  /** A complete message was taken out of the input; what is left of the input is a new one. */
  taken(): void {
    this.#messageFrom = NEVER;
  }

  /** All complete messages were taken, or the input was dropped: `pending` is left. */
  settled(pending: PendingInput): void {
    this.#pending = pending;
    if (pending !== "message") this.#messageFrom = NEVER;
    else if (this.#messageFrom === NEVER) this.#messageFrom = this.#lastByte;
  }

  /**
   * One side was closed.
   *
   * @param by whose side: if it is the other end's, nothing more can come, and only `half-open` runs from now on.
   */
  halfOpened(by: "self" | "peer", now: number): void {
    if (this.#halfOpenFrom === NEVER) this.#halfOpenFrom = now;
    if (by === "self") return;
    this.settled("nothing");
    this.#idleFrom = NEVER;
  }

  /** Nobody reads from now on. May be called again while that is so. */
  pause(now: number): void {
    if (this.#pausedAt === NEVER) this.#pausedAt = now;
  }

  /** Somebody reads again. May be called again while that is so. */
  resume(now: number): void {
    if (this.#pausedAt === NEVER) return;
    const moved = (start: number): number =>
      start === NEVER ? NEVER : start + (now - Math.max(start, this.#pausedAt));
    this.#lastByte = moved(this.#lastByte);
    this.#idleFrom = moved(this.#idleFrom);
    this.#messageFrom = moved(this.#messageFrom);
    if (this.#quietFrom !== NEVER) this.#quietFrom = now;
    this.#pausedAt = NEVER;
  }

  /**
   * The deadline that has passed first, if one has. Then `idle` starts again, `silence` with the next byte, `message` with
   * the next {@link settled}; `half-open` passes once.
   */
  expired(now: number): ReceiveDeadline | undefined {
    const { due } = this;
    if (due > now) return undefined;
    const isPaused = this.#pausedAt !== NEVER;
    const passed = isPaused ? "half-open" : DEADLINES.find((deadline) => this.#dueOf(deadline) === due);
    if (passed === "idle") this.#idleFrom = now;
    else if (passed === "message") this.#messageFrom = NEVER;
    else if (passed === "silence") this.#quietFrom = NEVER;
    else this.#halfOpenFrom = NEVER;
    return passed;
  }

  #dueOf(deadline: ReceiveDeadline): number {
    switch (deadline) {
      case "idle":
        return after(this.#idleFrom, this.#limits.idleTimeoutMs);
      case "message":
        return after(this.#messageFrom, this.#limits.messageTimeoutMs);
      case "silence":
        return this.#pending === "nothing" ? NEVER : after(this.#quietFrom, this.#limits.interByteTimeoutMs);
      case "half-open":
        return after(this.#halfOpenFrom, this.#limits.halfOpenTimeoutMs);
    }
  }
}

function after(start: number, limitMs: number): number {
  return limitMs === 0 ? NEVER : start + limitMs;
}
