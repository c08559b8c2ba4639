/**
 * What watches over a child of a forking server, in a thread of its own, because the child's main thread may be blocked:
 * reports that the process runs, and whether its handler hangs; ends the process when the server is gone.
 */
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { workerData } from "node:worker_threads";
import {
  ALIVE,
  CONNECTION,
  DUE,
  HUNG,
  LEAVING,
  monotonicMs,
  REPORT_BYTES,
  REPORT_FD,
  WATCH_INTERVAL_MS,
} from "./child-protocol.ts";

const { memory, parent } = workerData as { memory: SharedArrayBuffer; parent: number };
const due = new Float64Array(memory);
const words = new Int32Array(memory);
const report = Buffer.alloc(REPORT_BYTES);

// Whatever the server says here, it says that connections on which nothing is under way are not needed any more.
const line = new Socket({ fd: REPORT_FD, readable: true, writable: false });
line.on("data", () => Atomics.store(words, LEAVING, 1));
line.on("error", () => end());
line.on("close", () => end());
setInterval(() => look(), WATCH_INTERVAL_MS);

function look(): void {
  if (process.ppid !== parent) end();
  report[0] = state();
  report[1] = words[CONNECTION] as number;
  try {
    writeSync(REPORT_FD, report);
  } catch (error) {
    // A server that is busy reads later; one that is gone never will.
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") end();
  }
}

function state(): number {
  const deadline = due[DUE] as number;
  return deadline > 0 && monotonicMs() > deadline ? HUNG : ALIVE;
}

/** A child without its server serves nobody's purpose. */
function end(): void {
  process.kill(process.pid, "SIGKILL");
}
