/**
 * What watches over a child of a process server, in a thread of its own, because the child's main thread may be blocked:
 * reports that the process runs, and which deadline it has missed; ends the process when the server is gone.
 */
import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { workerData } from "node:worker_threads";
import {
  ALIVE,
  CONNECTION,
  DUE,
  LATE,
  LEFT,
  MISSED,
  monotonicMs,
  REPORT_BYTES,
  WAIT,
  WAITS,
  WATCH_INTERVAL_MS,
  REPORT_FD,
} from "./child-protocol.ts";

const { memory, parent } = workerData as { memory: SharedArrayBuffer; parent: number };
const due = new Float64Array(memory);
const words = new Int32Array(memory);
const report = Buffer.alloc(REPORT_BYTES);
let isToLeave = false;
/** The wait that was seen at the last look after the server's word. */
let lastWait = -1;

// Whatever the server says here, it says that connections on which nothing is under way are not needed any more.
const line = new Socket({ fd: REPORT_FD, readable: true, writable: false });
line.on("data", () => {
  isToLeave = true;
  look();
});
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
  const wait = Atomics.load(words, WAIT);
  const deadline = due[DUE] as number;
  if (deadline > 0 && monotonicMs() > deadline) {
    if (wait === MISSED.write || wait === MISSED.hang) return wait;
    if (wait === MISSED.idle || wait === MISSED.message) return claim(wait, LATE) ? wait : ALIVE;
  }
  return isToLeave && isSameWait() && claim(MISSED.idle, LEFT) ? LEFT : ALIVE;
}

/** Whether it still is the wait of the last look: what a client has just sent may be on its way. */
function isSameWait(): boolean {
  const last = lastWait;
  lastWait = Atomics.load(words, WAITS);
  return lastWait === last;
}

/** Takes the wait from the main thread, unless something has come in at the last moment. */
function claim(wait: number, what: number): boolean {
  return Atomics.compareExchange(words, WAIT, wait, what) === wait;
}

/** A child without its server serves nobody's purpose. */
function end(): void {
  process.kill(process.pid, "SIGKILL");
}
