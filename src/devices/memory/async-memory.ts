import { setImmediate as setImmediatePromise } from "node:timers/promises";
import { badOption } from "../../core/options.ts";
import { type ChannelError, DisconnectedError, OpenError, ServerError, StateError } from "../../errors.ts";
import type {
  AsyncListener,
  AsyncTransport,
  ListenerEvents,
  TransportEvents,
} from "../../modes/async/async-transport.ts";
import type { MemoryLink, MemoryOptions } from "./memory.ts";
import { type MemoryEnds, MemoryLine } from "./memory-line.ts";

/**
 * Connects to the server or the script on a line in memory.
 *
 * @returns what connects, and rejects with an OpenError `ERR_CONNECT_REFUSED` if there is neither.
 * @throws OptionsError `ERR_OPTIONS` for a line that is none.
 */
export function connectAsyncMemory(
  options: MemoryOptions,
): (signal: AbortSignal) => Promise<AsyncTransport<MemoryLink>> {
  const line = lineOf(options);
  return async (signal) => {
    signal.throwIfAborted();
    // A turn of the event loop, as any opening takes.
    await setImmediatePromise(undefined, { signal }).catch(() => signal.throwIfAborted());
    const ends = line.connect();
    if (ends === undefined) throw refused();
    return new AsyncMemoryTransport(ends);
  };
}

/**
 * Listens on a line in memory.
 *
 * @returns what listens, and rejects with a ServerError `ERR_ADDRESS_IN_USE` if another server does.
 * @throws OptionsError `ERR_OPTIONS` for a line that is none.
 */
export function listenAsyncMemory(
  options: MemoryOptions,
): (events: ListenerEvents<MemoryLink>) => Promise<AsyncListener> {
  const line = lineOf(options);
  return async (events) => {
    const close = line.listen((ends) => events.accepted(new AsyncMemoryTransport(ends)));
    if (close === undefined) throw new ServerError("ERR_ADDRESS_IN_USE", "another server listens on this line");
    return { acceptsMany: true, address: { path: "memory" }, close: async () => close() };
  };
}

/** The line of the options. */
export function lineOf({ line }: MemoryOptions): MemoryLine {
  if (!(line instanceof MemoryLine)) throw badOption("line", line, "give a MemoryLine");
  return line;
}

/** The error of connecting to a line where nobody is. */
export function refused(): OpenError {
  return new OpenError("ERR_CONNECT_REFUSED", "no server and no script is on this line", { outcome: "not-sent" });
}

/** The error of a connection that broke. */
export function broken(bytesWritten: number): DisconnectedError {
  return new DisconnectedError("ERR_CONNECTION_RESET", "the connection was reset; open it again", { bytesWritten });
}

/** An open connection in memory. */
class AsyncMemoryTransport implements AsyncTransport<MemoryLink> {
  readonly link: MemoryLink;
  readonly canResynchronise = false;
  readonly #ends: MemoryEnds;
  #events: TransportEvents | undefined;
  #state: "open" | "closed" = "open";
  #isPaused = true;
  #hasEnded = false;
  #accepted = 0;
  #isDrainDue = false;
  #cancel: (() => void) | undefined;
  #waiters: { readonly position: number; resolve(): void; reject(error: Error): void }[] = [];

  constructor(ends: MemoryEnds) {
    this.#ends = ends;
    this.link = { line: ends.line };
    ends.incoming.onArrival = () => this.#schedule();
    ends.outgoing.onTaken = () => this.#taken();
    ends.outgoing.onLost = () => ends.incoming.reset();
  }

  get queuedBytes(): number {
    return this.#ends.outgoing.queuedBytes;
  }

  get bytesWritten(): number {
    return this.#accepted - this.queuedBytes;
  }

  attach(events: TransportEvents): void {
    this.#events = events;
    this.resume();
  }

  write(pieces: readonly Uint8Array[]): void {
    if (this.#state === "closed") return;
    for (const piece of pieces) {
      this.#accepted += piece.length;
      this.#ends.outgoing.write(piece);
    }
    if (this.queuedBytes > 0) this.#isDrainDue = true;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#schedule();
  }

  finish(): void {
    this.#ends.outgoing.end();
    this.resume();
    if (this.#hasEnded) this.#close(undefined);
  }

  async flush(): Promise<void> {
    this.#ends.incoming.flush(performance.now());
  }

  async drain(): Promise<void> {
    if (this.queuedBytes === 0) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiters.push({ position: this.#accepted, resolve, reject });
    });
  }

  destroy(error?: ChannelError, isBroken = false): void {
    if (isBroken) this.#ends.outgoing.reset();
    this.#close(error);
  }

  /** Looks at what has arrived in a turn of its own, as an event loop would. */
  #schedule(): void {
    if (this.#cancel !== undefined || this.#isPaused || this.#state === "closed" || this.#events === undefined) return;
    const { dueAt } = this.#ends.incoming;
    if (dueAt === undefined) return;
    const run = (): void => {
      this.#cancel = undefined;
      this.#deliver();
      this.#schedule();
    };
    const waitMs = Math.ceil(dueAt - performance.now());
    if (waitMs > 0) {
      const timer = setTimeout(run, waitMs);
      this.#cancel = () => clearTimeout(timer);
    } else {
      const immediate = setImmediate(run);
      this.#cancel = () => clearImmediate(immediate);
    }
  }

  #deliver(): void {
    const { incoming, outgoing } = this.#ends;
    while (this.#state === "open" && !this.#isPaused) {
      const what = incoming.take(performance.now());
      if (what === undefined) return;
      if (what === "reset") {
        this.#close(broken(this.bytesWritten));
      } else if (what === "end") {
        this.#hasEnded = true;
        this.#events?.ended();
        if (outgoing.isEnded) this.#close(undefined);
      } else {
        this.#events?.data(what);
      }
    }
  }

  #taken(): void {
    while (this.#waiters.length > 0 && (this.#waiters[0]?.position ?? 0) <= this.bytesWritten) {
      this.#waiters.shift()?.resolve();
    }
    if (!this.#isDrainDue || this.queuedBytes > 0 || this.#state === "closed") return;
    this.#isDrainDue = false;
    queueMicrotask(() => this.#events?.drained());
  }

  #close(error: ChannelError | undefined): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#cancel?.();
    const { line, incoming, outgoing } = this.#ends;
    outgoing.onTaken = () => undefined;
    // In order, unless it was broken before.
    outgoing.end();
    incoming.abandon();
    if (incoming.isEnded) line.release(this.#ends);
    const closed = new StateError("ERR_CHANNEL_CLOSED", "the channel was closed before all that was queued had left");
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error ?? closed);
    setImmediate(() => this.#events?.closed(error));
  }
}
