import { type CloseReason, faultReason } from "../../core/close-reason.ts";
import { onAbort } from "../../core/abort-watch.ts";
import type { CallPlan, ExchangeCall } from "../../core/exchange/exchange-call.ts";
import { ChannelError } from "../../errors.ts";

/** What came of a call. */
export interface CallResult {
  /** What it failed with, if it failed. */
  readonly error?: unknown;
  /** Whether the caller gave it up, by its signal or by closing the channel. */
  readonly isGivenUp?: boolean;
}

/** Why the channel closes with a call; `undefined` if nothing is wrong with it. */
export function faultOf(result: CallResult): CloseReason | undefined {
  return "error" in result && result.isGivenUp !== true ? faultReason(result.error) : undefined;
}

/** One call of an asynchronous client, from the moment it is made until its promise is settled. */
export class ClientCall<Message> {
  readonly plan: CallPlan<Message>;
  readonly timeoutMs: number;
  /** What it has sent and received, once it has its turn. */
  record: ExchangeCall<Message> | undefined;
  readonly #resolve: (messages: Message[]) => void;
  readonly #reject: (error: unknown) => void;
  #result: CallResult | undefined;
  #unwatch: (() => void) | undefined;

  constructor(
    plan: CallPlan<Message>,
    timeoutMs: number,
    resolve: (messages: Message[]) => void,
    reject: (error: unknown) => void,
  ) {
    this.plan = plan;
    this.timeoutMs = timeoutMs;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Calls `aborted` when the signal aborts, until the result is known. */
  watch(signal: AbortSignal, aborted: () => void): void {
    this.#unwatch = onAbort(signal, aborted);
  }

  /**
   * Fixes the result; the promise may be settled a little later, when the channel has closed.
   *
   * @returns whether there was none.
   */
  end(result: CallResult): boolean {
    if (this.#result !== undefined) return false;
    this.#result = result;
    this.#unwatch?.();
    return true;
  }

  /** Settles the promise. */
  complete(): void {
    if (this.#result === undefined || !("error" in this.#result)) {
      this.#resolve(this.record?.messages ?? []);
      return;
    }
    const { error } = this.#result;
    if (this.record !== undefined) this.record.mark(error);
    else if (ChannelError.is(error)) Reflect.set(error, "outcome", "not-sent");
    this.#reject(error);
  }
}
