/** What a mode has to offer, so that its classes can take part in the demo. */
import type { ListenAddress } from "plib-io";
import type { MatrixCell } from "../../generated/matrix.ts";
import { asyncEnds } from "./async-ends.ts";
import { blockingEnds } from "./blocking-ends.ts";
import type { Exchange, Task } from "./task.ts";

/** One connection, as one of its ends sees it. */
export interface Job {
  /** Where to connect to, or to wait: the address options of the class. */
  readonly address: Readonly<Record<string, unknown>>;
  readonly task: Task;
  /** Aborts when the connection has taken too long. */
  readonly signal: AbortSignal;
  /** Tells of a fault that no call waits for. */
  readonly fail: (error: Error) => void;
}

/** The end that answers, once it waits. */
export interface AnsweringEnd {
  readonly address: ListenAddress;
  close(): Promise<void>;
}

/** How the classes of a mode are made to ask and to answer. */
export interface Ends {
  /** Sends the messages of the task and verifies the answers; tells of each exchange. Resolves when all is closed. */
  ask(cell: MatrixCell, job: Job, tell: (exchange: Exchange) => void): Promise<void>;
  /** Opens the end that answers. Resolves when it waits. */
  answer(cells: readonly [MatrixCell, ...MatrixCell[]], job: Job): Promise<AnsweringEnd>;
  /** Gives back whatever the classes were run in. */
  release?(): Promise<void>;
}

/** By mode. A mode that is new in the matrix does not compile until it says here how its classes run. */
export const endsOf: Readonly<Record<MatrixCell["mode"], Ends>> = { async: asyncEnds, blocking: blockingEnds };
