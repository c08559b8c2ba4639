/** What the methods of clients ask of an exchange, the same in both modes. */
import { type Data, toBytes } from "../data.ts";
import { badOption, functionOption } from "../options.ts";
import type { CallPlan } from "./exchange-call.ts";

/** How a call ends that waits for messages. */
export interface UntilOptions<Message> {
  /**
   * Says which message ends the exchange: it is the result. `processData` is called for the messages before it too.
   * `queryDone` is not asked.
   *
   * @defaultValue none: the first message, unless `start()` or `queryDone()` prolongs the exchange
   */
  until?: (message: Message) => boolean;
}

/** How a call ends that returns several messages. */
export interface CollectOptions<Message> extends UntilOptions<Message> {
  /** Says which message is the last. */
  until: (message: Message) => boolean;
}

/** Sends `data`, and waits for the reply. */
export function replyPlan<Message>(data: Data, options: UntilOptions<Message>): CallPlan<Message> {
  return { goal: "reply", payload: toBytes(data), until: functionOption("until", options.until) };
}

/** Sends `data`, and waits for all messages up to one. */
export function collectPlan<Message>(data: Data, options: CollectOptions<Message>): CallPlan<Message> {
  const { until } = options ?? {};
  if (typeof until !== "function") throw badOption("until", until, "give a function that accepts the last message");
  return { goal: "reply", payload: toBytes(data), until, isCollecting: true };
}

/** Waits for a message. */
export function matchPlan<Message>(predicate: (message: Message) => boolean): CallPlan<Message> {
  if (typeof predicate === "function") return { goal: "match", until: predicate };
  throw badOption("predicate", predicate, "give a function that accepts the message to wait for");
}

/** Sends `data`, and waits until it has left. */
export function sendPlan<Message>(data: Data): CallPlan<Message> {
  return { goal: "send", payload: toBytes(data) };
}

/** Only opens the channel. */
export const OPEN_PLAN: { readonly goal: "open" } = { goal: "open" };

/** Sends what waits, and closes the channel. */
export const FINISH_PLAN: { readonly goal: "send"; readonly closes: true } = { goal: "send", closes: true };

/** The result of a call that waits for one message. */
export function last<Message>(messages: readonly Message[]): Message {
  return messages.at(-1) as Message;
}

/** The result of a call that waits for several. */
export function all<Message>(messages: Message[]): Message[] {
  return messages;
}

/** The result of a call that waits for none. */
export function none(): void {}
