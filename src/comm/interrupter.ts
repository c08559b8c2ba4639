import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { HelperThread } from "./helper-thread.ts";
import {
  CALLS,
  type InterrupterData,
  READY,
  RESIDENT,
  STATE,
  UNABLE,
  WATCHING,
  WORDS,
} from "./interrupter-protocol.ts";
import { SIGNAL_THREAD_OPTIONS } from "./signals.ts";
import type { TrialInfo } from "./interrupter-trial.ts";
import { readDescriptor } from "../devices/descriptor.ts";
import { systemThreadId } from "./system-thread.ts";

/** How long the system may take to prove that it lets threads be interrupted. */
const PROOF_TIMEOUT_MS = 500;
/** How long the thread may take to look after its owner again. */
const WAKING_TIMEOUT_MS = 20;

/**
 * Gets its owner out of system calls that wait in the system, where nothing else wakes it: no wait for a reply costs less
 * than a read that sleeps there, but Node.js gives it no deadline. The interrupter is a thread that looks after
 * its owner many times a second, and ends each call that lasts from one look to the next; the owner then waits in another
 * way. It is a thread besides the helper, so that the death of that does not leave the owner waiting for ever.
 *
 * Only on Linux, and only where the system proves that it can be done.
 */
export class Interrupter {
  readonly #helper: HelperThread;
  readonly #words = new Int32Array(new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT));
  #calls = 0;
  #worker: Worker | undefined;
  #port: MessagePort | undefined;
  #hasEnded = false;
  /** Whether the owner was interrupted when that was tried; `undefined`: not tried yet. */
  #isProven: boolean | undefined;

  /** @param helper of the same owner, which has the descriptors. */
  constructor(helper: HelperThread) {
    this.#helper = helper;
  }

  /**
   * Whether it can be relied on: `"later"` while it starts. Asking starts it.
   *
   * @param leftMs how much time there is to find out.
   */
  isReady(leftMs: number): boolean | "later" {
    if (this.#hasEnded) return false;
    if (this.#worker === undefined) this.#start();
    const state = Atomics.load(this.#words, STATE);
    if (state === UNABLE) return false;
    if (state !== READY || (this.#isProven === undefined && leftMs < PROOF_TIMEOUT_MS)) return "later";
    this.#isProven ??= this.#prove();
    return this.#isProven;
  }

  /** Blocks the thread until it is known whether it can be relied on, or for so long. */
  waitReady(timeoutMs: number): boolean {
    if (this.isReady(timeoutMs) === "later") Atomics.wait(this.#words, STATE, 0, timeoutMs);
    return this.isReady(timeoutMs) === true;
  }

  /**
   * To be called before a system call on the descriptor of a resident; then {@link leave}.
   *
   * @returns whether the call will be interrupted; if not, leave it be.
   */
  enter(resident: number): boolean {
    this.#words[RESIDENT] = resident;
    // In this order: whoever stops watching looks once more for a call.
    Atomics.store(this.#words, CALLS, ++this.#calls);
    if (Atomics.load(this.#words, WATCHING) === 1 && !this.#hasEnded) return true;
    this.leave();
    return this.#wake() && this.enter(resident);
  }

  /** To be called after the system call. */
  leave(): void {
    this.#words[CALLS] = ++this.#calls;
  }

  /** Ends the thread. */
  end(): void {
    this.#hasEnded = true;
    void this.#worker?.terminate();
  }

  /** Has the thread look after its owner again, if it can. */
  #wake(): boolean {
    if (this.#hasEnded) return false;
    this.#port?.postMessage(undefined);
    return Atomics.wait(this.#words, WATCHING, 0, WAKING_TIMEOUT_MS) !== "timed-out";
  }

  /** Sleeps on a descriptor on which nothing comes, until it is interrupted, or something comes in the end. */
  #prove(): boolean {
    const module = new URL("./interrupter-trial.js", import.meta.url);
    try {
      const opened = this.#helper.open<TrialInfo>(module, "openTrial", {}, performance.now() + PROOF_TIMEOUT_MS / 2);
      if (typeof opened === "symbol" || !this.enter(opened.resident)) return false;
      try {
        return readDescriptor(opened.info.fd) === undefined;
      } finally {
        this.leave();
        this.#helper.tell(opened.resident, "close");
      }
    } catch {
      // Whatever cannot be tried cannot be relied on.
      return false;
    }
  }

  #start(): void {
    const thread = systemThreadId();
    if (thread === 0) {
      this.#hasEnded = true;
      return;
    }
    const { port1, port2 } = new MessageChannel();
    const helper = this.#helper.join();
    const data: InterrupterData = { memory: this.#words.buffer, thread };
    this.#worker = new Worker(new URL("./interrupter-main.js", import.meta.url), {
      workerData: { ...data, port: port2, helper },
      transferList: [port2, helper],
      execArgv: [...SIGNAL_THREAD_OPTIONS],
    });
    this.#worker.unref();
    this.#worker.on("error", () => {
      this.#hasEnded = true;
    });
    port1.unref();
    this.#port = port1;
  }
}
