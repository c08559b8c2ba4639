import { accessSync, existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type ResourceLimits,
  Worker,
} from "node:worker_threads";
import { DisconnectedError } from "../../errors.ts";
import { unpackError } from "../error-transfer.ts";
import { threadEnvironment } from "../thread-environment.ts";
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
  UNANSWERED,
  WORDS,
} from "./helper-protocol.ts";

/** The longest wait without a look at whether the helper lives: its death wakes nobody. */
const SLICE_MS = 100;
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
  /** The threads of this process that were started with the worker: its own. Empty where that is not known. */
  readonly #threads: readonly string[];
  #lastCall = 0;
  /** The calls that are waited for, or will be, and what came of those that are answered. */
  readonly #calls = new Map<number, HelperReply | undefined>();
  /** The call under way. One that is left when the next begins was ended from outside, as by the timeout of a `vm`. */
  #underWay: number | undefined;
  #isDead = false;
  /** Why it did not start. */
  #failure: unknown;
  #beat = 0;
  #beatSeen = performance.now();
  #lastLook = performance.now();
  #looks = 0;

  private constructor(resourceLimits: ResourceLimits = {}, execArgv: readonly string[] = []) {
    const memory = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT);
    const { port1, port2 } = new MessageChannel();
    this.#words = new Int32Array(memory);
    this.#port = port1;
    const main = new URL("./helper-thread-main.js", import.meta.url);
    const before = new Set(threads());
    try {
      // The error of a worker without its file would come when this thread is not blocked any more.
      accessSync(fileURLToPath(main));
      this.#worker = new Worker(main, {
        workerData: { port: port2, memory, nodeOptions: process.env["NODE_OPTIONS"] },
        transferList: [port2],
        execArgv: [...execArgv],
        env: threadEnvironment(),
        resourceLimits,
        // Descriptors are closed by those who opened them.
        trackUnmanagedFds: false,
      });
    } catch (error) {
      port1.close();
      throw helperDied(error);
    }
    this.#threads = threads().filter((thread) => !before.has(thread));
    this.#worker.unref();
    port1.unref();
    // Comes too late for a thread that is blocked, which finds out by itself; without a listener it would be thrown.
    this.#worker.on("error", () => {
      this.#isDead = true;
    });
  }

  /**
   * A helper for one purpose alone; {@link end} it.
   *
   * @param resourceLimits how much memory it may use.
   * @param execArgv the options that Node.js has in it.
   * @throws DisconnectedError `ERR_WORKER_DIED` if it cannot be started.
   */
  static start(resourceLimits: ResourceLimits = {}, execArgv: readonly string[] = []): HelperThread {
    return new HelperThread(resourceLimits, execArgv);
  }

  /**
   * The helper of this thread, started if there is none that lives.
   *
   * @throws DisconnectedError `ERR_WORKER_DIED` if it cannot be started.
   */
  static current(): HelperThread {
    if (HelperThread.#current?.isAlive() === true) return HelperThread.#current;
    HelperThread.#current?.end();
    HelperThread.#current = undefined;
    HelperThread.#current = new HelperThread();
    return HelperThread.#current;
  }

  /** Ends the helper, with everything that it has open. */
  end(): void {
    this.#isDead = true;
    void this.#worker.terminate();
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
   * Opens a service in the helper.
   *
   * @param module the address of the module that opens it, and the name of the function in it.
   * @param deadline when to give up, on the clock of `performance.now()`; what is opened later is released.
   */
  open<Info>(module: URL, name: string, options: unknown, deadline: number): Opened<Info> | typeof LATE {
    return this.call({ kind: "open", module: module.href, name, options }, deadline) as Opened<Info> | typeof LATE;
  }

  /** Calls a method of a service. */
  invoke(service: number, method: string, values: readonly unknown[], deadline: number): unknown {
    return this.call({ kind: "invoke", service, method, values }, deadline);
  }

  /**
   * Blocks the thread until the helper has done what it is asked, or until the deadline.
   *
   * @throws DisconnectedError `ERR_WORKER_DIED` if the helper dies meanwhile; the next call has a new one.
   * @throws Error what the request itself failed with.
   */
  call(request: HelperRequest, deadline: number): unknown {
    if (this.#underWay !== undefined) this.#cancel(this.#underWay);
    const call = this.begin(request);
    this.#underWay = call;
    try {
      const answer = this.wait(call, deadline);
      if (answer === LATE) this.#cancel(call);
      return answer;
    } finally {
      this.#underWay = undefined;
    }
  }

  /** Asks the helper for something whose answer nobody wants to know. */
  tell(service: number, method: string, values: readonly unknown[] = []): void {
    this.#post({ kind: "invoke", service, method, values, id: UNANSWERED });
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
    if (this.waitAny([call], deadline) === LATE) return LATE;
    const reply = this.#calls.get(call);
    this.#calls.delete(call);
    if (reply !== undefined && "error" in reply) throw unpackError(reply.error);
    return reply?.value;
  }

  /**
   * Blocks the thread until one of several calls is answered, or until the deadline.
   *
   * @returns the call that is: {@link wait} for it.
   * @throws DisconnectedError `ERR_WORKER_DIED` if the helper dies meanwhile.
   */
  waitAny(calls: readonly number[], deadline: number): number | typeof LATE {
    for (;;) {
      const signal = Atomics.load(this.#words, SIGNAL);
      this.#receive();
      const answered = calls.find((call) => this.#calls.get(call) !== undefined);
      if (answered !== undefined) return answered;
      if (!this.isAlive()) throw helperDied(this.#failure);
      const left = deadline - performance.now();
      if (left <= 0) return LATE;
      Atomics.wait(this.#words, SIGNAL, signal, Math.min(left, SLICE_MS));
    }
  }

  #cancel(call: number): void {
    this.#calls.delete(call);
    this.#post({ kind: "cancel", call, id: UNANSWERED });
  }

  #post(request: NumberedRequest): void {
    this.#port.postMessage(request);
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
    if (Atomics.load(this.#words, STATE) !== RUNNING) return this.#hasFailed(stale);
    if (this.#threads.length > 0) return this.#hasNoThread();
    // Looks are counted, not time: the whole process may have stood still.
    if (now - this.#lastLook < SLICE_MS / 2) return false;
    this.#lastLook = now;
    return ++this.#looks > DEAD_LOOKS;
  }

  /** Whether it never will run. */
  #hasFailed(stale: number): boolean {
    this.#failure = startFailure();
    if (this.#failure !== undefined || stale > LONGEST_START_MS) return true;
    return this.#threads.length > 0 && this.#hasNoThread();
  }

  #hasNoThread(): boolean {
    return !this.#threads.some((thread) => existsSync(`/proc/self/task/${thread}`));
  }
}

/** The threads of this process as Linux names them; none where that cannot be known. */
function threads(): readonly string[] {
  try {
    return readdirSync("/proc/self/task");
  } catch {
    return [];
  }
}

/** What prevents Node.js from starting any thread, as far as can be found out. */
function startFailure(): unknown {
  try {
    // Node.js remembers its name, but the folder may have been deleted.
    accessSync(process.cwd());
    return undefined;
  } catch (error) {
    return error;
  }
}

/**
 * The error of a call whose helper has died.
 *
 * @param cause why it could not even start, where that is known.
 */
export function helperDied(cause?: unknown): DisconnectedError {
  const text =
    cause === undefined
      ? "the helper thread of blocking calls died; open the channel again: the next call starts a new helper"
      : `the helper thread of blocking calls cannot start (${(cause as Error).message})${advice(cause as Error)}`;
  return new DisconnectedError("ERR_WORKER_DIED", text, cause === undefined ? {} : { cause });
}

function advice({ code }: NodeJS.ErrnoException): string {
  switch (code ?? "") {
    case "ERR_ACCESS_DENIED":
      return "; allow threads with --allow-worker, or use the asynchronous class";
    case "ENOENT":
      return "; the working folder of the process, or a file of this package, does not exist";
    default:
      return "";
  }
}
