import { Deadlines } from "../../core/deadlines.ts";
import { callTooLong, closedMeanwhile, notOpenInTime } from "../../core/exchange/call-errors.ts";
import type { ChannelError } from "../../errors.ts";
import { type CallResult, ClientCall } from "./client-call.ts";

/** What a client does for its {@link ClientTurns}. */
export interface TurnOwner<Message> {
  /** The call has its turn. */
  begin(call: ClientCall<Message>): void;
  /** The call that has its turn has failed: ends it. */
  fail(call: ClientCall<Message>, result: CallResult): void;
  /** What the call that has its turn waits for: the channel to open; the other end to take more than what it has. */
  awaited(): "open" | "reply" | { readonly bytesWritten: number };
}

/** The calls of an asynchronous client: one at a time has its turn, the others wait for theirs, in order. */
export class ClientTurns<Message> {
  readonly #owner: TurnOwner<Message>;
  readonly #waiting: ClientCall<Message>[] = [];
  readonly #deadlines = new Deadlines<ClientCall<Message>>((call) => this.#fail(call, { error: this.#late(call) }));
  #current: ClientCall<Message> | undefined;

  constructor(owner: TurnOwner<Message>) {
    this.#owner = owner;
  }

  /** The call that has its turn; also while its connection closes, when its result is known already. */
  get current(): ClientCall<Message> | undefined {
    return this.#current;
  }

  /** Adds a call. */
  add(call: ClientCall<Message>, signal: AbortSignal | undefined): void {
    if (signal !== undefined) call.watch(signal, () => this.#fail(call, { error: signal.reason, isGivenUp: true }));
    this.#deadlines.set(call, call.timeoutMs);
    this.#waiting.push(call);
    this.#next();
  }

  /** Fixes the result of a call; whether there was none. */
  end(call: ClientCall<Message> | undefined, result: CallResult): call is ClientCall<Message> {
    if (call === undefined) return false;
    this.#deadlines.clear(call);
    return call.end(result);
  }

  /**
   * Settles the promise of the call that had its turn, and gives the next one its turn.
   *
   * @param isOpen whether the channel is still open: then the timer stays for the next call.
   */
  complete(call: ClientCall<Message>, isOpen: boolean): void {
    if (call !== this.#current) return;
    this.#current = undefined;
    call.complete();
    if (this.#waiting.length === 0 && !isOpen) this.#deadlines.clearAll();
    // Messages that are there already are not replies to the next call.
    queueMicrotask(() => this.#next());
  }

  /** Ends all calls because the channel is closed here. */
  close(): void {
    const calls = [...this.#waiting];
    if (this.#current !== undefined) calls.push(this.#current);
    for (const call of calls) this.#fail(call, { error: closedMeanwhile(call.plan.goal), isGivenUp: true });
  }

  #next(): void {
    if (this.#current !== undefined) return;
    this.#current = this.#waiting.shift();
    if (this.#current !== undefined) this.#owner.begin(this.#current);
  }

  #late(call: ClientCall<Message>): ChannelError {
    const { timeoutMs, plan } = call;
    const awaited = call === this.#current ? this.#owner.awaited() : "reply";
    if (awaited === "open") return notOpenInTime(timeoutMs);
    return callTooLong(timeoutMs, plan.goal, awaited === "reply" ? undefined : awaited.bytesWritten);
  }

  #fail(call: ClientCall<Message>, result: CallResult): void {
    if (call === this.#current) return this.#owner.fail(call, result);
    const at = this.#waiting.indexOf(call);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (this.end(call, result)) call.complete();
  }
}
