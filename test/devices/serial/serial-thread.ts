/** A thread that opens a serial port, and ends with it open. */
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { AsyncPersistentSerialWithTerminator, BlockingSerialClientWithTerminator } from "../../../generated/index.ts";

/** What the thread is to do. */
export interface ThreadOrder {
  readonly path: string;
  readonly mode: "async" | "blocking";
  /** `"terminate"`: it waits for a reply until others end it. */
  readonly ending: "return" | "throw" | "exit" | "terminate";
}

const { path, mode, ending } = workerData as ThreadOrder;

async function openAndWait(): Promise<void> {
  if (mode === "blocking") {
    const client = new BlockingSerialClientWithTerminator({ path, keepAlive: true });
    client.connect();
    parentPort?.postMessage("open");
    if (ending === "terminate") client.waitFor(() => false, { timeoutMs: 60_000 });
    return;
  }
  const channel = new AsyncPersistentSerialWithTerminator({ path });
  await channel.connect();
  channel.start("hello");
  parentPort?.postMessage("open");
  if (ending === "terminate") await sleep(60_000);
}

await openAndWait();
if (ending === "throw") throw new Error("thrown on purpose");
// An open channel keeps its thread alive: there, returning is no end.
if (ending === "exit" || mode === "async") process.exit(0);
