import { ChannelError } from "../errors.ts";
import type { CallGoal } from "./client-errors.ts";

/** One call of a client, from the moment it is made until its promise is settled. */
export class ClientCall<Message> {
  /** What ends the call. */
  readonly goal: CallGoal;
  readonly payload: Uint8Array | undefined;
  readonly predicate: ((message: Message) => boolean) | undefined;
  readonly timeoutMs: number;
  /** Whether the call has its turn and the channel is open. */
  isUnderWay = false;
  /** Whether bytes of the call were given to the channel. */
  hasSent = false;
  /** The last reply so far. */
  reply: Message | undefined;
  readonly #resolve: (reply: Message | undefined) => void;
  readonly #reject: (error: unknown) => void;
  #result: { readonly error?: unknown } | undefined;
  #unwatch: (() => void) | undefined;

  constructor(
    goal: CallGoal,
    payload: Uint8Array | undefined,
    predicate: ((message: Message) => boolean) | undefined,
    timeoutMs: number,
    resolve: (reply: Message | undefined) => void,
    reject: (error: unknown) => void,
  ) {
    this.goal = goal;
    this.payload = payload;
    this.predicate = predicate;
    this.timeoutMs = timeoutMs;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Whether the result is known; the promise may be settled a little later, when the channel has closed. */
  get isSettled(): boolean {
    return this.#result !== undefined;
  }

  /** Whether the channel cannot be used for another call: this one failed after it had begun. */
  get isBroken(): boolean {
    return this.isUnderWay && this.#result !== undefined && "error" in this.#result && !isHarmless(this.#result.error);
  }

  /** Calls `aborted` when the signal aborts, until the call is settled. */
  watch(signal: AbortSignal, aborted: () => void): void {
    signal.addEventListener("abort", aborted, { once: true });
    this.#unwatch = () => signal.removeEventListener("abort", aborted);
  }

  /** Fixes the result; `false` if there was one. */
  begin(result: { readonly error?: unknown }): boolean {
    if (this.#result !== undefined) return false;
    this.#result = result;
    this.#unwatch?.();
    return true;
  }

  /** Settles the promise. */
  complete(): void {
    if (this.#result === undefined || !("error" in this.#result)) {
      this.#resolve(this.reply);
      return;
    }
    const { error } = this.#result;
    if (ChannelError.is(error)) error.outcome ??= this.hasSent ? "unknown" : "not-sent";
    this.#reject(error);
  }
}

/** Whether an error leaves the channel as it was. */
function isHarmless(error: unknown): boolean {
  return ChannelError.is(error) && error.outcome === "not-sent";
}
