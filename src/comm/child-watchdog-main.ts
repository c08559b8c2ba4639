/**
 * What watches over a child of a process server, in a thread of its own, because the child's main thread may be blocked:
 * reports that the process runs, and which deadline it has missed; ends the process when the server is gone.
 */
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { ALIVE, DUE, monotonicMs, WAIT, WATCH_INTERVAL_MS, WATCHDOG_FD } from "./child-protocol.ts";

const { memory, parent } = workerData as { memory: SharedArrayBuffer; parent: number };
const due = new Float64Array(memory);
const words = new Int32Array(memory);
const report = Buffer.alloc(1);

setInterval(() => {
  if (process.ppid !== parent) return end();
  const deadline = due[DUE] as number;
  report[0] = deadline > 0 && monotonicMs() > deadline ? (words[WAIT] as number) : ALIVE;
  try {
    writeSync(WATCHDOG_FD, report);
  } catch (error) {
    // A server that is busy reads later; one that is gone never will.
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") end();
  }
}, WATCH_INTERVAL_MS);

/** A child without its server serves nobody's purpose. */
function end(): void {
  process.kill(process.pid, "SIGKILL");
}
