/** What a blocking client does with messages that nobody asked for, and with those that come too early or too late. */
import { MOST_QUIET_TIMES } from "../../core/exchange/farewell.ts";
import { type ChannelError, DisconnectedError, TimeoutError } from "../../errors.ts";
import type { BlockingConnection, WaitLimit } from "./blocking-connection.ts";

/**
 * Hands over the messages that are there before a request is sent: they are not the reply.
 *
 * @param process says whether to continue with the next.
 * @returns the fault, if the connection broke while nobody used it, or holds bad bytes: no call has failed with it.
 */
export function takeUnasked<Message extends string | Buffer>(
  connection: BlockingConnection<Message, unknown>,
  now: number,
  process: (message: Message) => boolean,
): ChannelError | undefined {
  let message: Message | undefined;
  let isRead = false;
  do {
    try {
      if (!isRead) connection.readWaiting(now);
      isRead = true;
      message = connection.takeRead();
    } catch (error) {
      return error as ChannelError;
    }
  } while (message !== undefined && process(message));
  return undefined;
}

/**
 * The reply to a request that could not be sent to its end, if it came before that failed.
 *
 * @param error what the request failed with.
 */
export function earlyReply<Message extends string | Buffer>(
  connection: BlockingConnection<Message, unknown>,
  error: unknown,
  deadline: number,
): Message | undefined {
  try {
    // A connection that is broken has what came before, and then its fault, without waiting.
    if (DisconnectedError.is(error)) return connection.receive({ limit: { deadline, late: () => error } });
    return TimeoutError.is(error) ? connection.takeWaiting(performance.now()) : undefined;
  } catch {
    // What broke the connection is known already.
    return undefined;
  }
}

/**
 * Drops a reply that is late, where the next request goes over the same line.
 *
 * @throws the error of the call, if its deadline passes meanwhile.
 */
export function dropLateReply(
  connection: Pick<BlockingConnection<never, unknown>, "transport" | "dropUntilQuiet">,
  quietMs: number,
  { deadline, late }: WaitLimit,
): void {
  if (!connection.transport.canResynchronise) return;
  connection.dropUntilQuiet(quietMs, Math.min(deadline, performance.now() + quietMs * MOST_QUIET_TIMES));
  if (performance.now() >= deadline) throw late();
}
