import { isPromise } from "../hooks.ts";
import { ChannelError, type Outcome, StateError } from "../../errors.ts";
import type { CallGoal } from "./call-errors.ts";

/** What a call is to do. */
export interface CallPlan<Message> {
  readonly goal: CallGoal;
  /** What it sends first. */
  readonly payload?: Uint8Array;
  /** Which message ends the exchange; without it, `queryDone` decides. */
  readonly until?: ((message: Message) => boolean) | undefined;
  /** Whether all messages are the result, not the last one alone. */
  readonly isCollecting?: boolean;
  /** Whether the channel closes afterwards, whatever `keepAlive` says. */
  readonly closes?: boolean;
}

/** A call from its beginning to its end: what it sent and received. {@link ClientExchange} alone writes it. */
export class ExchangeCall<Message> {
  readonly plan: CallPlan<Message>;
  /** Whether the request was queued on a connection, or could not be. */
  request: "due" | "queued" | "refused" = "due";
  /** Whether bytes of the call were given to a connection, any of those that it used. */
  hasSent = false;
  /** Whether something was `start()`ed since the last pass. */
  hasStarted = false;
  /** Whether the result is known, and only what was `start()`ed last has to leave. */
  isLeaving = false;
  /** All messages of a call that collects, else the last one. */
  readonly messages: Message[] = [];

  constructor(plan: CallPlan<Message>) {
    this.plan = plan;
  }

  /** Takes a message in. */
  take(message: Message): void {
    if (this.plan.isCollecting === true) this.messages.push(message);
    else this.messages[0] = message;
  }

  /** Whether a failed call was sent: by its own record, whatever error it failed with. */
  get outcome(): Outcome {
    return this.hasSent ? "unknown" : "not-sent";
  }

  /** Says in an error of this package whether the call was sent, also where the error was that of another request. */
  mark(error: unknown): void {
    // A frozen error, of a signal say, stays as it is.
    if (ChannelError.is(error)) Reflect.set(error, "outcome", this.outcome);
  }
}

/**
 * Whether a message is the one that a call waits for.
 *
 * @throws StateError `ERR_ASYNC_HOOK` if the answer is a promise, which would count as yes for every message.
 */
export function accepts<Message>(until: (message: Message) => boolean, message: Message): boolean {
  const answer: unknown = until(message);
  if (!isPromise(answer)) return Boolean(answer);
  answer.then(undefined, () => undefined);
  throw new StateError("ERR_ASYNC_HOOK", "the predicate returned a promise: it has to answer at once");
}
