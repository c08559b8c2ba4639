import { existsSync } from "node:fs";
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type ResourceLimits,
  Worker,
} from "node:worker_threads";
import { DisconnectedError } from "../errors.ts";
import { unpackError } from "./error-transfer.ts";
import { Interrupter } from "./interrupter.ts";
import {
  BEAT,
  EXITED,
  type HelperReply,
  type HelperRequest,
  type NumberedRequest,
  type Opened,
  RUNNING,
  SIGNAL,
  STATE,
  THREAD_ID,
  UNANSWERED,
  WORDS,
} from "./helper-protocol.ts";

/** The longest wait without a look at whether the helper lives: its death wakes nobody. */
export const SLICE_MS = 100;
/** A helper whose beat stands still for so long is looked at more closely. */
const STALE_MS = 500;
/** Without a way to ask the system, a beat that stood still at so many looks, a slice apart, is taken for death. */
const DEAD_LOOKS = 50;
/** A helper that has not begun to run after so long never will. */
const LONGEST_START_MS = 10_000;

/** What {@link HelperThread.call} answers at the deadline. */
export const LATE: unique symbol = Symbol("late");

/**
 * A thread with an event loop of its own, which does for a blocked thread what only an event loop can do. There is one for
 * each thread that makes blocking calls: started on first use, replaced when it dies, and no reason for the process to
 * stay alive.
 */
export class HelperThread {
  static #current: HelperThread | undefined;

  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #words: Int32Array;
  #lastCall = 0;
  /** The calls that are waited for, or will be, and what came of those that are answered. */
  readonly #calls = new Map<number, HelperReply | undefined>();
  #isDead = false;
  #beat = 0;
  #beatSeen = performance.now();
  #lastLook = performance.now();
  #looks = 0;
  #interrupter: Interrupter | undefined;

  private constructor(resourceLimits: ResourceLimits = {}, execArgv: readonly string[] = []) {
    const memory = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT);
    const { port1, port2 } = new MessageChannel();
    this.#words = new Int32Array(memory);
    this.#port = port1;
    const worker = new Worker(new URL("./helper-thread-main.js", import.meta.url), {
      workerData: { port: port2, memory },
      transferList: [port2],
      execArgv: [...execArgv],
      resourceLimits,
      // Descriptors are closed by those who opened them.
      trackUnmanagedFds: false,
    });
    this.#worker = worker;
    worker.unref();
    port1.unref();
    // Told too late for a thread that is blocked, which finds out by itself; without a listener it would be thrown.
    worker.on("error", () => {
      this.#isDead = true;
    });
  }

  /**
   * A helper for one purpose alone; {@link end} it.
   *
   * @param resourceLimits how much memory it may use.
   * @param execArgv the options that Node.js has in it.
   */
  static start(resourceLimits: ResourceLimits = {}, execArgv: readonly string[] = []): HelperThread {
    return new HelperThread(resourceLimits, execArgv);
  }

  /** The helper of this thread, started if there is none that lives. */
  static current(): HelperThread {
    if (HelperThread.#current?.isAlive() === true) return HelperThread.#current;
    HelperThread.#current?.end();
    HelperThread.#current = new HelperThread();
    return HelperThread.#current;
  }

  /** Ends the helper, with everything that it has open. */
  end(): void {
    this.#isDead = true;
    void this.#worker.terminate();
    this.#interrupter?.end();
  }

  /** Gets the owner of this helper out of system calls on descriptors of the helper; started on first use. */
  get interrupter(): Interrupter {
    this.#interrupter ??= new Interrupter(this);
    return this.#interrupter;
  }

  /** Lets another thread ask the helper, without hearing what comes of it, through the port that is returned. */
  join(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#post({ kind: "join", port: port2, id: UNANSWERED }, [port2]);
    return port1;
  }

  /**
   * Whether the helper lives, as far as can be known without waiting.
   *
   * @param now the time, on the clock of `performance.now()`.
   */
  isAlive(now: number = performance.now()): boolean {
    if (this.#isDead) return false;
    if (this.#words[STATE] === EXITED || this.#isGone(now)) this.#isDead = true;
    return !this.#isDead;
  }

  /**
   * Opens a resident in the helper.
   *
   * @param module the address of the module that opens it, and the name of the function in it.
   * @param deadline when to give up, on the clock of `performance.now()`; what is opened later is released.
   */
  open<Info>(module: URL, name: string, options: unknown, deadline: number): Opened<Info> | typeof LATE {
    return this.call({ kind: "open", module: module.href, name, options }, deadline) as Opened<Info> | typeof LATE;
  }

  /** Calls a method of a resident. */
  invoke(resident: number, method: string, values: readonly unknown[], deadline: number): unknown {
    return this.call({ kind: "invoke", resident, method, values }, deadline);
  }

  /**
   * Blocks the thread until the helper has done what it is asked, or until the deadline.
   *
   * @throws DisconnectedError `ERR_WORKER_DIED` if the helper dies meanwhile; the next call has a new one.
   * @throws Error what the request itself failed with.
   */
  call(request: HelperRequest, deadline: number): unknown {
    const call = this.begin(request);
    const answer = this.wait(call, deadline);
    if (answer === LATE) {
      this.#calls.delete(call);
      this.#post({ kind: "cancel", call, id: UNANSWERED });
    }
    return answer;
  }

  /** Asks the helper for something whose answer nobody wants to know. */
  tell(resident: number, method: string, values: readonly unknown[] = []): void {
    this.#post({ kind: "invoke", resident, method, values, id: UNANSWERED });
  }

  /** Asks the helper for something; {@link wait} for the answer. */
  begin(request: HelperRequest): number {
    const id = ++this.#lastCall;
    this.#calls.set(id, undefined);
    this.#post({ ...request, id });
    return id;
  }

  /**
   * Blocks the thread until a call is answered, or until the deadline: then it may be waited for again.
   *
   * @throws as {@link call}.
   */
  wait(call: number, deadline: number): unknown {
    for (;;) {
      const signal = Atomics.load(this.#words, SIGNAL);
      this.#receive();
      const reply = this.#calls.get(call);
      if (reply !== undefined) {
        this.#calls.delete(call);
        if ("error" in reply) throw unpackError(reply.error);
        return reply.value;
      }
      if (!this.isAlive()) throw helperDied();
      const left = deadline - performance.now();
      if (left <= 0) return LATE;
      Atomics.wait(this.#words, SIGNAL, signal, Math.min(left, SLICE_MS));
    }
  }

  #post(request: NumberedRequest, transferred: readonly MessagePort[] = []): void {
    this.#port.postMessage(request, transferred);
  }

  /** Takes note of answers. Those that nobody waits for any more are dropped. */
  #receive(): void {
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      const reply = next.message as HelperReply;
      if (this.#calls.has(reply.id)) this.#calls.set(reply.id, reply);
    }
  }

  /** Whether the helper has stopped without a word, as it does when it runs out of memory. */
  #isGone(now: number): boolean {
    const beat = this.#words[BEAT] as number;
    if (beat !== this.#beat) {
      this.#beat = beat;
      this.#beatSeen = now;
      this.#looks = 0;
      return false;
    }
    const stale = now - this.#beatSeen;
    if (stale < STALE_MS) return false;
    if (Atomics.load(this.#words, STATE) !== RUNNING) return stale > LONGEST_START_MS;
    const thread = Atomics.load(this.#words, THREAD_ID);
    if (thread !== 0) return !existsSync(`/proc/self/task/${thread}`);
    // Looks are counted, not time: the whole process may have stood still.
    if (now - this.#lastLook < SLICE_MS / 2) return false;
    this.#lastLook = now;
    return ++this.#looks > DEAD_LOOKS;
  }
}

/** What a call is told whose helper has died. */
export function helperDied(): DisconnectedError {
  const text = "the helper thread of blocking calls died; open the channel again: the next call starts a new helper";
  return new DisconnectedError("ERR_WORKER_DIED", text);
}
