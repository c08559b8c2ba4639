import { type ChannelError, ServerError, TimeoutError } from "../errors.ts";
import type { ChildSetup, Wait } from "./child-protocol.ts";
import { type TransferredError, unpackError } from "./error-transfer.ts";
import { type ChildInfo, type ChildOwner, type ChildState, ServerChild } from "./server-child.ts";

/** How many children there are, and how long they live. */
export interface PoolSettings {
  readonly setup: ChildSetup;
  readonly execArgv: readonly string[];
  readonly minSpareChildren: number;
  readonly maxChildren: number;
  /** 0: as many as come. */
  readonly maxRequestsPerChild: number;
}

/** The server above a pool. */
export interface PoolOwner {
  /** A child is free for a connection. */
  available(): void;
  /** A child has begun to serve, or has served, its connection. */
  progressed(child: ServerChild, step: "begun" | "served"): void;
  /** A child is gone; its connection, if it had one, is the owner's again. */
  lost(child: ServerChild): void;
  childStarted(info: ChildInfo): void;
  childExited(info: ChildInfo): void;
  /** A fault that the server survives. */
  report(error: Error): void;
  /** The server cannot go on. */
  failed(error: ServerError): void;
}

/** So many deaths in a row, without a connection served in between, are a crash loop. */
const CRASHES = 5;
const CRASH_WINDOW_MS = 10_000;
const FIRST_BACK_OFF_MS = 1000;
/** With the waits doubled each time, the last one that is still shorter: 1 + 2 + 4 + 8 s. */
const LONGEST_BACK_OFF_MS = 15_000;
/** Recycling is spread over so much of the limit, so that children that began together do not end together. */
const JITTER = 0.1;

/** The children of a process server: started ahead, recycled, replaced when they die. */
export class ChildPool implements ChildOwner {
  readonly #settings: PoolSettings;
  readonly #owner: PoolOwner;
  readonly #children = new Set<ServerChild>();
  /** How many connections each child may serve. */
  readonly #quotas = new Map<ServerChild, number>();
  #isClosing = false;
  #hasStarted = false;
  #crashes: number[] = [];
  #backOffMs = 0;
  #backingOff: NodeJS.Timeout | undefined;
  #crashed = 0;
  #emptied: (() => void) | undefined;

  constructor(settings: PoolSettings, owner: PoolOwner) {
    this.#settings = settings;
    this.#owner = owner;
  }

  /** Deaths that nobody asked for. */
  get crashed(): number {
    return this.#crashed;
  }

  /** Children by state. */
  count(): Record<Exclude<ChildState, "dead">, number> {
    const counts = { starting: 0, idle: 0, busy: 0, retiring: 0 };
    for (const { state } of this.#children) if (state !== "dead") counts[state]++;
    return counts;
  }

  /** A child that is free, if there is one. */
  idle(): ServerChild | undefined {
    for (const child of this.#children) if (child.state === "idle") return child;
    return undefined;
  }

  /** Starts what is missing: the spare children, and one for each connection that waits. */
  grow(waiting: number): void {
    if (this.#isClosing || this.#backingOff !== undefined) return;
    const { starting, idle } = this.count();
    const wanted = Math.max(this.#settings.minSpareChildren, waiting);
    const room = this.#settings.maxChildren - this.#children.size;
    for (let missing = Math.min(wanted - starting - idle, room); missing > 0; missing--) this.#start();
  }

  /** Lets the children go when they are free. Resolves when all are gone. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#backingOff);
    for (const child of this.#children) child.retire();
    if (this.#children.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
  }

  /** Ends all children now. */
  kill(): void {
    this.#isClosing = true;
    clearTimeout(this.#backingOff);
    for (const child of this.#children) child.kill();
  }

  ready(child: ServerChild): void {
    this.#hasStarted = true;
    if (this.#isClosing) child.retire();
    else this.#owner.available();
  }

  unfit(child: ServerChild, packed: TransferredError): void {
    child.retire();
    this.#fail(handlerError(packed));
  }

  begun(child: ServerChild): void {
    this.#owner.progressed(child, "begun");
  }

  served(child: ServerChild): void {
    this.#crashes = [];
    this.#backOffMs = 0;
    this.#owner.progressed(child, "served");
    child.assignment = undefined;
    const isSpent = child.served >= (this.#quotas.get(child) ?? Number.POSITIVE_INFINITY);
    child.state = isSpent || this.#isClosing ? "retiring" : "idle";
    if (child.state === "retiring") {
      child.retire();
      this.grow(0);
    } else {
      this.#owner.available();
    }
  }

  fault(error: TransferredError): void {
    this.#owner.report(unpackError(error));
  }

  missed(child: ServerChild, wait: Wait): void {
    this.#owner.report(missedError(child.info.pid, wait));
  }

  exited(child: ServerChild): void {
    this.#children.delete(child);
    this.#quotas.delete(child);
    this.#owner.childExited(child.info);
    this.#owner.lost(child);
    const isExpected = this.#isClosing || child.isEnded || child.info.exitCode === 0;
    if (!isExpected) this.#crashedOnce(child);
    this.grow(0);
    if (this.#isClosing && this.#children.size === 0) this.#emptied?.();
  }

  #start(): void {
    const child = new ServerChild(this.#settings.setup, this.#settings.execArgv, this);
    this.#children.add(child);
    const { maxRequestsPerChild } = this.#settings;
    if (maxRequestsPerChild > 0) {
      const spread = Math.floor(maxRequestsPerChild * JITTER * Math.random());
      this.#quotas.set(child, Math.max(1, maxRequestsPerChild - spread));
    }
    this.#owner.childStarted(child.info);
  }

  #crashedOnce(child: ServerChild): void {
    const { pid, exitCode, signal } = child.info;
    this.#crashed++;
    const how = signal === null ? `with status ${exitCode}` : `by ${signal}`;
    if (!this.#hasStarted) return this.#fail(new ServerError("ERR_HANDLER_LOAD", `the handler's process ended ${how}`));
    this.#owner.report(new ServerError("ERR_HANDLER_CRASHED", `child ${pid} ended ${how}`));
    const now = performance.now();
    this.#crashes = [...this.#crashes.filter((then) => now - then < CRASH_WINDOW_MS + this.#backOffMs), now];
    if (this.#crashes.length >= CRASHES) this.#backOff();
  }

  #backOff(): void {
    if (this.#backingOff !== undefined) return;
    this.#backOffMs = this.#backOffMs === 0 ? FIRST_BACK_OFF_MS : this.#backOffMs * 2;
    if (this.#backOffMs > LONGEST_BACK_OFF_MS) {
      const text = "the handler's processes die one after another; look at what they print";
      return this.#fail(new ServerError("ERR_CRASH_LOOP", text));
    }
    this.#backingOff = setTimeout(() => {
      this.#backingOff = undefined;
      this.grow(0);
      this.#owner.available();
    }, this.#backOffMs);
  }

  #fail(error: ServerError): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#owner.failed(error);
  }
}

/** The error of a handler module that cannot be used, with what the child said about it. */
function handlerError(packed: TransferredError): ServerError {
  if (packed.code === "ERR_HANDLER_LOAD") return unpackError(packed) as ServerError;
  const text = `the handler module cannot be loaded: ${packed.message}`;
  return new ServerError("ERR_HANDLER_LOAD", text, { cause: unpackError(packed) });
}

/** The error of a deadline that a child missed. */
function missedError(pid: number, wait: Wait): ChannelError {
  const end = `; child ${pid} is ended, and its connection with it`;
  switch (wait) {
    case "idle":
      return new TimeoutError("ERR_IDLE_TIMEOUT", `a client sent nothing in time${end}`);
    case "message":
      return new TimeoutError("ERR_FRAME_TIMEOUT", `a message was not complete in time${end}`);
    case "write":
      return new TimeoutError("ERR_WRITE_TIMEOUT", `a client took nothing in time${end}`);
    case "hang":
      return new ServerError("ERR_HANDLER_HUNG", `a handler did not come to an end in time${end}`);
  }
}
