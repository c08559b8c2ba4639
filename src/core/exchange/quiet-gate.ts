import { TimeoutError } from "../../errors.ts";
import type { FramingTiming } from "../framing.ts";

const NEVER = Number.POSITIVE_INFINITY;

/**
 * Whether a line has been quiet for long enough, for framings that need it before a message is sent, or before anything is
 * read or sent after opening. Both modes ask it. It has no timer of its own; its methods take the time `now`, in
 * milliseconds on the clock of `performance.now()`.
 *
 * | state | bytes that come | a message may be sent |
 * | --- | --- | --- |
 * | opening, until nothing has come for `openQuietMs` | are dropped | no |
 * | open | are read | when nothing has come or left for `quietBeforeSendMs` |
 */
export class QuietGate {
  readonly #quietBeforeSendMs: number;
  readonly #openQuietMs: number;
  #isOpening: boolean;
  #lastActive: number;

  /** @param now when the connection was opened. */
  constructor({ quietBeforeSendMs = 0, openQuietMs = 0 }: FramingTiming, now: number) {
    this.#quietBeforeSendMs = quietBeforeSendMs;
    this.#openQuietMs = openQuietMs;
    this.#isOpening = openQuietMs > 0;
    this.#lastActive = openQuietMs > 0 ? now : -NEVER;
  }

  /** A gate, if the framing needs one. */
  static for(timing: FramingTiming | undefined, now: number): QuietGate | undefined {
    const isNeeded = timing !== undefined && ((timing.quietBeforeSendMs ?? 0) > 0 || (timing.openQuietMs ?? 0) > 0);
    return isNeeded ? new QuietGate(timing, now) : undefined;
  }

  /** When a message may be sent, if nothing comes or leaves before. */
  get sendDue(): number {
    return this.#lastActive + Math.max(this.#quietBeforeSendMs, this.#isOpening ? this.#openQuietMs : 0);
  }

  /** Somebody begins to read, and nobody did before: while the connection is opening, quiet counts from now. */
  observe(now: number): void {
    if (this.#isOpening) this.#lastActive = now;
  }

  /** Whether a message may be sent now. */
  maySend(now: number): boolean {
    this.#look(now);
    return now >= this.sendDue;
  }

  /** Bytes came in. Whether they are to be dropped. */
  received(now: number): boolean {
    this.#look(now);
    this.#lastActive = now;
    return this.#isOpening;
  }

  /** What was sent has left. */
  sent(now: number): void {
    this.#lastActive = now;
  }

  #look(now: number): void {
    if (now >= this.#lastActive + this.#openQuietMs) this.#isOpening = false;
  }
}

/** A framing that needs a quiet line before it sends never found one. */
export function neverQuiet(bytesWritten: number): TimeoutError {
  const text = "the line was never quiet for as long as the framing wants before it sends";
  return new TimeoutError("ERR_WRITE_TIMEOUT", text, { bytesWritten });
}
