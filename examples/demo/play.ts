/** Plays one scenario: opens both ends, sends everything, verifies, closes. */
import { endsOf } from "./ends.ts";
import type { Scenario } from "./scenarios.ts";
import { type Boundary, type Exchange, type Task, tasksFor } from "./task.ts";

/** How long one connection may take: a little for each message, and this besides. */
const LEAST_DEADLINE_MS = 5000;
const DEADLINE_MS_A_MESSAGE = 20;
/** What the static `framing` of a class tells. */
interface FramingInfo {
  readonly boundary: Boundary;
  readonly suffix: string;
}

/** How long closing may take when a connection has failed. */
const CLOSING_DEADLINE_MS = 3000;

/**
 * Plays a scenario, and tells of each exchange that was verified.
 *
 * @throws Error at the first that was not; everything is closed by then, unless the deadline passed.
 */
export async function play(scenario: Scenario, file: Buffer, tell: (exchange: Exchange) => void): Promise<void> {
  const { framing } = (await scenario.asks.load()) as { readonly framing: FramingInfo };
  for (const task of tasksFor(framing.boundary, file, framing.suffix)) {
    const deadlineMs = LEAST_DEADLINE_MS + DEADLINE_MS_A_MESSAGE * task.messages.length;
    await withDeadline(deadlineMs, (signal, fail) => connection(scenario, task, tell, signal, fail));
  }
}

async function connection(
  { asks, answers, place }: Scenario,
  task: Task,
  tell: (exchange: Exchange) => void,
  signal: AbortSignal,
  fail: (error: Error) => void,
): Promise<void> {
  // A client whose message ends with the channel has to see that the other end has closed it, on a serial line too.
  const isEndedByClose = asks.role === "Client" && task.boundary === "channel";
  const spot = await place.open(isEndedByClose ? "hang-up" : "keep");
  try {
    const end = await endsOf[answers[0].mode].answer(answers, { address: spot.server, task, signal, fail });
    try {
      const address = spot.client(end.address);
      await endsOf[asks.mode].ask(asks, { address, task, signal, fail }, tell);
    } finally {
      await end.close();
    }
  } finally {
    await spot.close();
  }
}

/** Runs something that has to be done in time, and that can also be failed from elsewhere. */
async function withDeadline(
  deadlineMs: number,
  run: (signal: AbortSignal, fail: (error: Error) => void) => Promise<void>,
): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const fail = (error: Error): void => controller.abort(error);
  let timer = setTimeout(() => fail(new Error(`not done after ${deadlineMs} ms`)), deadlineMs);
  const stuck = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      timer = setTimeout(() => reject(signal.reason as Error), CLOSING_DEADLINE_MS);
    });
  });
  try {
    await Promise.race([run(signal, fail), stuck]);
  } catch (error) {
    // What a call says that was given up on tells less than why it was given up on.
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
  signal.throwIfAborted();
}
