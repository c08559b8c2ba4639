/** What runs in an interrupter: sees that its owner does not stay in a system call for long. */
import { type MessagePort, workerData } from "node:worker_threads";
import { INTERRUPT, type NumberedRequest, UNANSWERED } from "./helper-protocol.ts";
import {
  CALLS,
  type InterrupterData,
  LOOK_INTERVAL_MS,
  READY,
  RESIDENT,
  STATE,
  UNABLE,
  WATCHING,
} from "./interrupter-protocol.ts";
import { watchSignalInThread } from "./signals.ts";

/** After so long without a system call of the owner, it is not looked after any more. */
const LONGEST_IDLE_MS = 1000;

const { memory, thread, port, helper } = workerData as InterrupterData & {
  readonly port: MessagePort;
  readonly helper: MessagePort;
};
const words = new Int32Array(memory);
let lastCalls = 0;
let idleLooks = 0;
let timer: NodeJS.Timeout | undefined;

// A signal interrupts nothing unless somebody listens for it.
const isAble = watchSignalInThread(INTERRUPT, () => undefined) !== undefined;
port.on("message", watch);
watch();
Atomics.store(words, STATE, isAble ? READY : UNABLE);
Atomics.notify(words, STATE);

function watch(): void {
  idleLooks = 0;
  Atomics.store(words, WATCHING, 1);
  Atomics.notify(words, WATCHING);
  timer ??= setInterval(look, LOOK_INTERVAL_MS);
}

function look(): void {
  const calls = Atomics.load(words, CALLS);
  if (calls !== lastCalls) {
    lastCalls = calls;
    idleLooks = 0;
  } else if (calls % 2 !== 0) interrupt();
  else if (++idleLooks * LOOK_INTERVAL_MS > LONGEST_IDLE_MS) rest();
}

/**
 * The descriptor is made one on which nobody waits, and the call begins anew, as system calls do after a signal. Should the
 * helper that has to do that be gone, its descriptor is closed: the call finds out.
 */
function interrupt(): void {
  const values = [false, thread];
  const request: NumberedRequest = {
    kind: "invoke",
    resident: words[RESIDENT] as number,
    method: "setBlocking",
    values,
    id: UNANSWERED,
  };
  helper.postMessage(request);
  process.kill(thread, INTERRUPT);
}

function rest(): void {
  Atomics.store(words, WATCHING, 0);
  // The owner may have entered a call before it could see that.
  if (Atomics.load(words, CALLS) !== lastCalls) return void Atomics.store(words, WATCHING, 1);
  clearInterval(timer);
  timer = undefined;
}
