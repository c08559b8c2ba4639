/** Acts that end helpers, threads and whole processes, or hold many channels. */
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import { HelperThread, LATE } from "../../src/comm/helper-thread.ts";
import { HelperPipe } from "../../src/comm/helper-pipe.ts";
import type { TrialInfo } from "../../src/comm/interrupter-trial.ts";
import { SocketDescriptor } from "../../src/devices/blocking-socket-descriptor.ts";
import type { SocketResidentInfo } from "../../src/devices/blocking-socket-resident.ts";
import { readDescriptor } from "../../src/devices/descriptor.ts";
import { WaitChooser } from "../../src/devices/wait-chooser.ts";
import type { Act } from "./acts.ts";
import type { Deaths } from "./dying-resident.ts";
import type { ThreadOrder, ThreadReport } from "./thread.ts";
import { type Failure, failureOf, type Made, makeClient, PATIENCE_MS } from "./subject.ts";

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
    const module = new URL("./dying-resident.js", import.meta.url);
    const opened = helper.open(module, "openDying", { how }, Number.POSITIVE_INFINITY);
    return opened === LATE ? 0 : opened.resident;
  };
  const resident = death.isOpening ? 0 : open("");
  const failure = failureOf(undefined, () =>
    death.isOpening ? open(death.how) : helper.invoke(resident, death.how, [], Number.POSITIVE_INFINITY),
  );
  return { death: failure, reply: client.clientCommunicate("hello").toString() };
};

/** Ends the helper thread while a call sleeps in the system that would sleep for ever, and goes on with the client. */
export const killHelperAsleep: Act<
  { how: keyof Deaths; made: Made; word: { host: string; port: number } },
  { death: Failure; reply: string }
> = async ({ how, made, word }) => {
  // For threads that are started from now on.
  if (how === "exhaust") setFlagsFromString("--max-old-space-size=24");
  const client = await makeClient({ ...made, wait: "blocking" });
  client.clientCommunicate("hello");
  const helper = HelperThread.current();
  const module = new URL("./dying-resident.js", import.meta.url);
  const opened = helper.open(module, "openDying", { how: "" }, Number.POSITIVE_INFINITY);
  if (opened !== LATE) helper.tell(opened.resident, "onWord", [how, word]);
  const death = failureOf(client, () => client.clientCommunicate("silent", { timeoutMs: 0 }));
  return { death, reply: client.clientCommunicate("hello").toString() };
};

/** Does what finds out whether a thread can be interrupted, without anybody who interrupts; tells how much was read. */
export const tryWithoutInterrupter: Act<object, number | undefined> = async () => {
  const module = new URL("../../src/comm/interrupter-trial.js", import.meta.url);
  const opened = HelperThread.current().open<TrialInfo>(module, "openTrial", {}, Number.POSITIVE_INFINITY);
  return opened === LATE ? undefined : readDescriptor(opened.info.fd)?.length;
};

/** What a read came to, and whether it has left a descriptor that waits in the system. */
export interface SystemRead {
  readonly read: string | undefined;
  readonly isBlocking: boolean;
}

/** Reads a descriptor that waits in the system: first a reply, then where none comes. */
export const readInSystem: Act<{ address: { host: string; port: number } }, SystemRead[]> = async ({ address }) => {
  const helper = HelperThread.current();
  helper.interrupter.waitReady(PATIENCE_MS);
  const pipe = new HelperPipe();
  const module = new URL("../../src/devices/blocking-socket-resident.js", import.meta.url);
  const options = { ...address, memory: pipe.memory };
  const opened = helper.open<SocketResidentInfo>(module, "openSocketResident", options, Number.POSITIVE_INFINITY);
  if (opened === LATE || opened.info.fd === undefined) return [];
  const way = { helper, resident: opened.resident, pipe };
  const descriptor = new SocketDescriptor(opened.info.fd, way, new WaitChooser("blocking"));
  const read = (): SystemRead => ({
    read: descriptor.read(performance.now(), 0, Number.POSITIVE_INFINITY)?.toString(),
    isBlocking: pipe.isBlocking,
  });
  descriptor.write(Buffer.from("hello"), performance.now(), Number.POSITIVE_INFINITY);
  let reply = read();
  // A machine that is busy may take longer than a read is let sleep.
  while (reply.read === undefined) reply = read();
  return [reply, read()];
};

/** Makes requests, and has nobody left who could interrupt the thread after some of them. */
export const loseInterrupter: Act<{ made: Made; requests: readonly string[] }, string[]> = async ({
  made,
  requests,
}) => {
  const client = await makeClient({ ...made, wait: "blocking" });
  return requests.map((request, index) => {
    if (index === 2) HelperThread.current().interrupter.end();
    return client.clientCommunicate(request).toString();
  });
};

/** Runs threads that all make calls at once. */
export const callFromThreads: Act<{ orders: readonly ThreadOrder[] }, ThreadReport[]> = async ({ orders }) =>
  await Promise.all(
    orders.map(async (order) => {
      const worker = new Worker(new URL("./thread.js", import.meta.url), { workerData: order });
      const [report] = (await once(worker, "message")) as [ThreadReport];
      await once(worker, "exit");
      return report;
    }),
  );

/** Blocks in a thread, and ends the process, or the thread, meanwhile. */
export const leaveThreadBlocked: Act<{ order: ThreadOrder; how: "exit" | "terminate" }, string> = async (
  { order, how },
  say,
  go,
) => {
  const worker = new Worker(new URL("./thread.js", import.meta.url), { workerData: order });
  await once(worker, "online");
  say("online");
  await go();
  if (how === "exit") process.exit(7);
  await worker.terminate();
  return "terminated";
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
