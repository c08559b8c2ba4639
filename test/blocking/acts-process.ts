/** Acts that end helpers, threads and whole processes, or hold many channels. */
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import { HelperThread, LATE } from "../../src/comm/helper/helper-thread.ts";
import type { Act } from "./acts.ts";
import type { Deaths } from "./dying-service.ts";
import type { ThreadOrder, ThreadReport } from "./thread.ts";
import { type Failure, failureOf, type Made, makeClient } from "./subject.ts";

/** How a helper dies, and how much memory it may use. */
export interface Death {
  readonly how: keyof Deaths;
  /** Dies while it is opened, not while it is used. */
  readonly isOpening: boolean;
}

/** Ends the helper thread in the middle of a call, and goes on with a client that it had served. */
export const killHelper: Act<{ death: Death; made: Made }, { death: Failure; reply: string }> = async ({
  death,
  made,
}) => {
  const client = await makeClient(made);
  client.connect();
  const helper = death.how === "exhaust" ? HelperThread.start({ maxOldGenerationSizeMb: 24 }) : HelperThread.current();
  const open = (how: string): number => {
    const module = new URL("./dying-service.js", import.meta.url);
    const opened = helper.open(module, "openDying", { how }, Number.POSITIVE_INFINITY);
    return opened === LATE ? 0 : opened.service;
  };
  const service = death.isOpening ? 0 : open("");
  const failure = failureOf(undefined, () =>
    death.isOpening ? open(death.how) : helper.invoke(service, death.how, [], Number.POSITIVE_INFINITY),
  );
  return { death: failure, reply: client.clientCommunicate("hello").toString() };
};

/** Ends the helper thread while a call waits, and goes on with the client. */
export const killHelperMeanwhile: Act<
  { how: keyof Deaths; made: Made; word: { host: string; port: number } },
  { death: Failure | undefined; replies: string[] }
> = async ({ how, made, word }) => {
  // For threads that are started from now on.
  if (how === "exhaust") setFlagsFromString("--max-old-space-size=24");
  const client = await makeClient(made);
  client.connect();
  const helper = HelperThread.current();
  const module = new URL("./dying-service.js", import.meta.url);
  const opened = helper.open(module, "openDying", { how: "" }, Number.POSITIVE_INFINITY);
  if (opened !== LATE) helper.tell(opened.service, "onWord", [how, word]);
  const replies: string[] = [];
  const call = (request: string): void =>
    void replies.push(client.clientCommunicate(request, { timeoutMs: 30_000 }).toString());
  let death: Failure | undefined;
  try {
    death = failureOf(client, () => call("silent"));
  } catch {
    // It was answered.
  }
  call("hello");
  return { death, replies };
};

/** Runs threads that all make calls at once. */
export const callFromThreads: Act<{ orders: readonly ThreadOrder[] }, ThreadReport[]> = async ({ orders }) =>
  await Promise.all(
    orders.map(async (order) => {
      const worker = new Worker(new URL("./thread.js", import.meta.url), { workerData: order });
      // The end may come together with the message.
      const ended = once(worker, "exit");
      const [report] = (await once(worker, "message")) as [ThreadReport];
      await ended;
      return report;
    }),
  );

/** Blocks in a thread, and ends the process, or the thread, meanwhile. */
export const leaveThreadBlocked: Act<{ order: ThreadOrder; how: "exit" | "terminate" }, { ms: number }> = async (
  { order, how },
  say,
  go,
) => {
  const worker = new Worker(new URL("./thread.js", import.meta.url), { workerData: order });
  await once(worker, "online");
  say("online");
  await go();
  if (how === "exit") process.exit(7);
  const start = performance.now();
  await worker.terminate();
  return { ms: performance.now() - start };
};

/** Calls and blocks. */
export const block: Act<{ made: Made }, string> = async ({ made }, say) => {
  const client = await makeClient(made);
  client.connect();
  say("connected");
  return client.clientCommunicate("silent", { timeoutMs: 0 }).toString();
};

/** What a process holds. */
export interface Holdings {
  readonly descriptors: number;
  readonly threads: number;
  readonly resources: string[];
}

function holdings(): Holdings {
  return {
    descriptors: readdirSync("/proc/self/fd").length,
    threads: readdirSync("/proc/self/task").length,
    resources: process.getActiveResourcesInfo(),
  };
}

/** Opens, uses and closes a channel so often; tells what the process holds after the first times, and at the end. */
export const connectOften: Act<
  { made: Made; times: number; request: string },
  { before: Holdings; after: Holdings; ms: number; mebibytes: number }
> = async ({ made, times, request }) => {
  const client = await makeClient(made);
  const open = (count: number): void => {
    for (let time = 0; time < count; time++) {
      client.connect();
      client.clientCommunicate(request);
      client.close();
    }
  };
  open(10);
  const before = holdings();
  const start = performance.now();
  open(times);
  const ms = performance.now() - start;
  return { before, after: holdings(), ms, mebibytes: process.memoryUsage.rss() / 1024 / 1024 };
};

/** Holds many channels open at once, and uses them in turn. */
export const holdMany: Act<{ made: Made; count: number }, { replies: string[] }> = async ({ made, count }) => {
  const clients = await Promise.all(Array.from({ length: count }, () => makeClient(made)));
  for (const client of clients) client.connect();
  const replies = clients.toReversed().map((client, index) => client.clientCommunicate(`${index}`).toString());
  for (const client of clients) client.close();
  return { replies };
};
