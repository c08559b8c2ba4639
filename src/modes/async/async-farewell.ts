/** How an asynchronous client leaves a connection, and gets in step on the next one. */
import { Deadlines } from "../../core/deadlines.ts";
import { MOST_QUIET_TIMES } from "../../core/exchange/farewell.ts";
import type { AsyncConnection } from "./async-connection.ts";

type Leaving = Pick<AsyncConnection<never, unknown>, "finish" | "drain" | "destroy">;

/** Closes connections once all is sent, without waiting for the other end for ever. */
export class AsyncFarewell {
  #connection: Leaving | undefined;
  readonly #deadline = new Deadlines<"farewell">(() => this.#connection?.destroy());

  /**
   * Closes this side once all is sent, and the connection when the other end has closed its side too.
   *
   * @param longestMs how long the other end is given for that.
   */
  leave(connection: Leaving | undefined, longestMs: number): void {
    if (connection === undefined) return;
    this.#connection = connection;
    connection.finish(true);
    connection.drain().then(() => {
      if (this.#connection === connection) this.#deadline.set("farewell", longestMs);
    }, ignore);
  }

  /** The connection is gone. */
  end(): void {
    this.#connection = undefined;
    this.#deadline.clearAll();
  }
}

/**
 * Drops what comes in on a line, before anything is delivered, until nothing has come for `quietMs`, so that a late reply is not taken for another. Resolves
 * also when the connection closes.
 */
export async function dropLateReply(
  connection: Pick<AsyncConnection<never, unknown>, "waitingBytes" | "released" | "discardInput" | "transport">,
  quietMs: number,
): Promise<void> {
  if (!connection.transport.canResynchronise) return;
  const end = performance.now() + quietMs * MOST_QUIET_TIMES;
  for (let seen = -1; seen !== connection.waitingBytes && performance.now() < end;) {
    seen = connection.waitingBytes;
    if (!(await passes(quietMs, connection.released))) return;
  }
  await connection.discardInput();
}

/** Whether a time passes before something else happens. */
async function passes(delayMs: number, otherwise: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), delayMs);
  });
  try {
    return await Promise.race([passed, otherwise.then(() => false)]);
  } finally {
    clearTimeout(timer);
  }
}

/** What cannot leave is reported where the connection closes. */
export function ignore(): void {}
