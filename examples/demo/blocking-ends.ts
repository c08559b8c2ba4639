/**
 * The two ends of a connection, of blocking classes. They run in a thread of their own, because the other end lives on
 * the event loop of this one, which has to turn while they block. Socket servers need none: they have their processes.
 */
import { on } from "node:events";
import { Worker } from "node:worker_threads";
import type { BlockingSocketServer } from "plib-io";
import type { MatrixCell } from "../../generated/matrix.ts";
import type { BlockingOrder, BlockingReport } from "./blocking-thread.ts";
import type { AnsweringEnd, Ends, Job } from "./ends.ts";
import type { Exchange } from "./task.ts";

/** How blocking classes ask and answer. */
export const blockingEnds: Ends = { ask, answer, release };

let thread: Worker | undefined;

async function ask(cell: MatrixCell, job: Job, tell: (exchange: Exchange) => void): Promise<void> {
  for await (const report of order("ask", [cell], job, noStop())) {
    if (report.kind === "waits") continue;
    for (const exchange of report.exchanges) tell(exchange);
    if (report.error !== undefined) throw report.error;
  }
}

async function answer(cells: readonly [MatrixCell, ...MatrixCell[]], job: Job): Promise<AnsweringEnd> {
  const [server, handler] = cells;
  return handler === undefined ? await answerInThread(server, job) : await answerInProcesses(server, handler, job);
}

async function answerInProcesses(server: MatrixCell, handler: MatrixCell, job: Job): Promise<AnsweringEnd> {
  const { boundary, size } = job.task;
  const module = new URL("./rot13.handler.js", import.meta.url);
  module.search = new URLSearchParams({ class: handler.className, boundary, size: String(size) }).toString();
  const Server = (await server.load()) as typeof BlockingSocketServer;
  const running = new Server({
    ...job.address,
    handler: module,
    minSpareChildren: 1,
    keepAlive: boundary !== "half-close",
    ...job.task.options,
    onError: job.fail,
  });
  await running.listen();
  return { address: running.address(), close: () => running.close() };
}

async function answerInThread(server: MatrixCell, job: Job): Promise<AnsweringEnd> {
  const stop = noStop();
  const reports = order("answer", [server], job, stop);
  const { value: first } = await reports.next();
  if (first?.kind !== "waits") {
    await reports.return(undefined);
    throw first?.error ?? new Error("the server stopped before it had begun");
  }
  const close = async (): Promise<void> => {
    Atomics.store(stop, 0, 1);
    for await (const report of reports) {
      if (report.kind === "done" && report.error !== undefined) job.fail(report.error);
    }
  };
  return { address: first.address, close };
}

/** What tells a thread that blocks to stop: it looks at it ten times a second. */
function noStop(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** Has the thread do something; yields what it tells, to the end. */
async function* order(
  verb: BlockingOrder["verb"],
  cells: readonly MatrixCell[],
  { address, task, signal }: Job,
  stop: Int32Array,
): AsyncGenerator<BlockingReport, undefined, undefined> {
  thread ??= new Worker(new URL("./blocking-thread.js", import.meta.url));
  const reports = on(thread, "message", { signal, close: ["exit"] });
  const names = cells.map(({ className }) => className);
  thread.postMessage({ verb, names, address, task, stop } satisfies BlockingOrder);
  try {
    for await (const [report] of reports as AsyncIterable<[BlockingReport]>) {
      yield report;
      if (report.kind === "done") return undefined;
    }
    throw new Error("the thread of the blocking classes has ended");
  } catch (error) {
    // A thread that blocks for too long listens to nothing else.
    await release();
    throw error;
  }
}

async function release(): Promise<void> {
  const ending = thread;
  thread = undefined;
  await ending?.terminate();
}
