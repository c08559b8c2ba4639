/** A thread that makes blocking calls. */
import { parentPort, workerData } from "node:worker_threads";
import { type Failure, failureOf, type Made, makeClient } from "./subject.ts";

/** What the thread is to do. */
export interface ThreadOrder {
  readonly made: Made;
  readonly name: string;
  readonly times: number;
  /** Then makes a request that nobody answers, and gives up after so long; 0: never. */
  readonly silentMs?: number;
}

/** What came of it. */
export interface ThreadReport {
  readonly replies: string[];
  readonly failure: Failure | undefined;
}

const { made, name, times, silentMs } = workerData as ThreadOrder;
const client = await makeClient(made);
const replies = Array.from({ length: times }, (_, time) => client.clientCommunicate(`${name} ${time}`).toString());
const failure =
  silentMs === undefined
    ? undefined
    : failureOf(client, () => client.clientCommunicate("silent", { timeoutMs: silentMs }));
client.close();
parentPort?.postMessage({ replies, failure } satisfies ThreadReport);
