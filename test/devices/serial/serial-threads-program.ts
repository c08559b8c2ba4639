/** A process of its own, since a crash would be one: opens a port in many threads, which end in every way. */
import { setTimeout as sleep } from "node:timers/promises";
import { readdirSync, readlinkSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { AsyncSerialClientWithTerminator } from "../../../generated/index.ts";
import type { ThreadOrder } from "./serial-thread.ts";

/** What the process saw. */
export interface ThreadsReport {
  /** What opens were refused with. */
  readonly refused: string[];
  readonly portsOpen: number;
  readonly handles: string[];
}

const [, , path = "", rounds = "1"] = process.argv;
const modes = ["async", "blocking"] as const;
const endings = ["return", "throw", "exit", "terminate"] as const;

/** Runs a thread to its end; at `endMs`, ends it wherever it is. */
async function run(order: ThreadOrder, endMs: number | undefined): Promise<void> {
  const worker = new Worker(new URL("./serial-thread.js", import.meta.url), { workerData: order });
  worker.on("error", () => undefined);
  const told = (event: string): Promise<void> => new Promise((resolve) => worker.once(event, () => resolve()));
  const ended = told("exit");
  if (endMs !== undefined) await sleep(endMs);
  else await Promise.race([told("message"), ended]);
  if (order.ending === "terminate" || endMs !== undefined) await worker.terminate();
  await ended;
}

const refused: string[] = [];
/** The port must be free at once. */
async function open(): Promise<void> {
  const client = new AsyncSerialClientWithTerminator({ path });
  await client.connect().catch((error: unknown) => void refused.push(String(error)));
  await client.close();
}

await open();
for (let round = 0; round < Number(rounds); round++) {
  for (const mode of modes) {
    for (const ending of endings) {
      await run({ path, mode, ending }, undefined);
      await open();
    }
    // Spread over the time that a thread takes to start, to open the port, and to wait.
    await run({ path, mode, ending: "terminate" }, 20 + ((round * 37) % 120));
    await open();
  }
}
const portsOpen = readdirSync("/proc/self/fd").filter((fd) => {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === path;
  } catch {
    return false;
  }
}).length;
const { libuv } = process.report.getReport() as { libuv: readonly { type: string; is_active?: boolean }[] };
const handles = libuv.filter(({ type }) => type === "tty" || type === "poll").map(({ type }) => type);
console.log(JSON.stringify({ refused, portsOpen, handles } satisfies ThreadsReport));
