import { ServerError } from "../../../errors.ts";
import type { SerialisedSetup } from "./child-protocol.ts";
import { type TransferredError, unpackError } from "../../../comm/error-transfer.ts";
import { CrashRecord } from "./crash-record.ts";
import type { PoolTiming } from "./pool-timing.ts";
import {
  type Assignment,
  type ChildInfo,
  type ChildOwner,
  type ChildState,
  type ConnectionEnd,
  ServerChild,
} from "./server-child.ts";

/** How many children there are, and how long they live. */
export interface PoolSettings {
  readonly setup: SerialisedSetup;
  readonly execArgv: readonly string[];
  readonly minSpareChildren: number;
  readonly maxChildren: number;
  /** 0: as many as come. */
  readonly maxRequestsPerChild: number;
  readonly timing: PoolTiming;
}

/** The server above a pool. */
export interface PoolOwner {
  /** A child is free for a connection. */
  available(): void;
  /** A child has served its connection, which is the owner's again. */
  served(assignment: Assignment, end: ConnectionEnd): void;
  /** A child is gone; its connection is the owner's again. */
  lost(assignment: Assignment): void;
  /** A child is gone, or has no connection any more. */
  settled(): void;
  childStarted(info: ChildInfo): void;
  childExited(info: ChildInfo): void;
  /** A fault that the server survives. */
  report(error: Error): void;
  /** The server cannot go on. */
  failed(error: ServerError): void;
}

/** Recycling is spread over so much of the limit, so that children that began together do not end together. */
const JITTER = 0.1;

/** Signals that ask a process to end: a terminal sends them to all. */
const REQUESTS: ReadonlySet<NodeJS.Signals | null> = new Set<NodeJS.Signals>(["SIGINT", "SIGTERM", "SIGHUP"]);

/** The children of a forking server: started ahead, recycled, replaced when they die. */
export class ChildPool implements ChildOwner {
  readonly #settings: PoolSettings;
  readonly #owner: PoolOwner;
  readonly #children = new Set<ServerChild>();
  /** How many connections each child may serve. */
  readonly #quotas = new Map<ServerChild, number>();
  readonly #crashes: CrashRecord;
  #state: "starting" | "open" | "draining" | "closing" = "starting";
  #backingOff: NodeJS.Timeout | undefined;

  constructor(settings: PoolSettings, owner: PoolOwner) {
    this.#settings = settings;
    this.#owner = owner;
    this.#crashes = new CrashRecord(settings.timing);
  }

  /** Deaths that nobody asked for. */
  get crashed(): number {
    return this.#crashes.count;
  }

  /** Children that live. */
  get size(): number {
    return this.#children.size;
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
    if (this.#state === "closing" || this.#backingOff !== undefined) return;
    const { starting, idle } = this.count();
    const wanted = this.#state === "draining" ? waiting : Math.max(this.#settings.minSpareChildren, waiting);
    const room = this.#settings.maxChildren - this.#children.size;
    for (let missing = Math.min(wanted - starting - idle, room); missing > 0; missing--) this.#start();
  }

  /** Only what is under way, or waits, is served to its end; no children are kept ready. */
  drain(): void {
    if (this.#state === "closing") return;
    this.#state = "draining";
    for (const child of this.#children) child.leave();
  }

  /** Lets the children go when they are free. */
  close(): void {
    this.#state = "closing";
    clearTimeout(this.#backingOff);
    for (const child of this.#children) child.retire();
  }

  /** Ends all children now. */
  kill(): void {
    this.#state = "closing";
    clearTimeout(this.#backingOff);
    for (const child of this.#children) child.kill();
  }

  ready(child: ServerChild): void {
    if (this.#state === "closing") return child.retire();
    if (this.#state === "starting") this.#state = "open";
    this.#owner.available();
  }

  unfit(child: ServerChild, packed: TransferredError): void {
    // A module that was fit before may be so again: what happened to it on the disk must not end what is under way.
    const error = handlerError(packed);
    this.#notLoaded(error);
    child.kill();
    this.#crashed(error);
  }

  stuck(): void {
    const text = `the handler module was not loaded after ${this.#settings.timing.startTimeoutMs} ms`;
    this.#notLoaded(new ServerError("ERR_HANDLER_LOAD", text));
  }

  served(child: ServerChild, assignment: Assignment, end: ConnectionEnd): void {
    this.#crashes.forgive();
    const isUsedUp = child.served >= (this.#quotas.get(child) ?? Number.POSITIVE_INFINITY);
    if (isUsedUp || child.isAsked || this.#state === "closing") child.retire();
    this.#owner.served(assignment, end);
    this.#owner.available();
    this.#owner.settled();
  }

  fault(error: TransferredError): void {
    this.#owner.report(unpackError(error));
  }

  hung(child: ServerChild): void {
    const text = `a handler did not come to an end in time; child ${child.info.pid} is ended, and its connection with it`;
    this.#owner.report(new ServerError("ERR_HANDLER_HUNG", text));
  }

  exited(child: ServerChild, assignment: Assignment | undefined): void {
    const { info } = child;
    this.#children.delete(child);
    this.#quotas.delete(child);
    if (info.pid !== 0) this.#owner.childExited(info);
    if (this.#state !== "closing" && !this.#wasAsked(child)) this.#died(child);
    if (assignment !== undefined) this.#owner.lost(assignment);
    this.#owner.available();
    this.#owner.settled();
  }

  #start(): void {
    const { setup, execArgv, timing, maxRequestsPerChild } = this.#settings;
    let child: ServerChild;
    try {
      child = new ServerChild(setup, execArgv, timing, this);
    } catch (error) {
      return this.#died({ info: { pid: 0, served: 0, exitCode: null, signal: null }, failure: error as Error });
    }
    this.#children.add(child);
    if (maxRequestsPerChild > 0) {
      const spread = Math.floor(maxRequestsPerChild * JITTER * Math.random());
      this.#quotas.set(child, Math.max(1, maxRequestsPerChild - spread));
    }
    if (this.#state === "draining") child.leave();
    if (child.info.pid !== 0) this.#owner.childStarted(child.info);
  }

  #notLoaded(error: ServerError): void {
    if (this.#state === "starting") this.#fail(error);
    // The children that were started together all find the same; once is enough.
    else if (this.#state !== "closing") this.#owner.report(error);
  }

  /** Whether somebody wanted the child to end. While it starts, it cannot say so itself. */
  #wasAsked({ isAsked, info }: ServerChild): boolean {
    return isAsked || (this.#state !== "starting" && REQUESTS.has(info.signal));
  }

  /** A child is gone that was not asked to. */
  #died({ info, failure }: Pick<ServerChild, "info" | "failure">): void {
    const how = info.signal === null ? `ended with status ${info.exitCode}` : `was ended by ${info.signal}`;
    const what = failure === undefined ? how : `could not be started: ${failure.message}`;
    if (this.#state === "starting") {
      const text = `the process of the handler ${what} before the handler was loaded; look at what it prints`;
      return this.#fail(new ServerError("ERR_HANDLER_LOAD", text, failure && { cause: failure }));
    }
    const text = failure === undefined ? `child ${info.pid} ${what}` : `a child ${what}`;
    const error = new ServerError("ERR_HANDLER_CRASHED", text, failure && { cause: failure });
    this.#owner.report(error);
    this.#crashed(error);
  }

  #crashed(cause: ServerError): void {
    const waitMs = this.#crashes.add();
    if (waitMs === 0 || this.#backingOff !== undefined || this.#state === "closing") return;
    if (waitMs === Number.POSITIVE_INFINITY) {
      const text = "the handler's processes die one after another; look at what they print";
      return this.#fail(new ServerError("ERR_CRASH_LOOP", text, { cause }));
    }
    this.#backingOff = setTimeout(() => {
      this.#backingOff = undefined;
      this.#owner.available();
    }, waitMs);
  }

  #fail(error: ServerError): void {
    if (this.#state === "closing") return;
    this.#state = "closing";
    clearTimeout(this.#backingOff);
    this.#owner.failed(error);
  }
}

/** The error of a handler module that cannot be used, with what the child said about it. */
function handlerError(packed: TransferredError): ServerError {
  const cause = unpackError(packed);
  if (ServerError.is(cause) && cause.code === "ERR_HANDLER_LOAD") return cause;
  // Where in the handler it happened is what its author has to know.
  if (packed.stack !== undefined) cause.stack = packed.stack;
  return new ServerError("ERR_HANDLER_LOAD", `the handler module cannot be loaded: ${packed.message}`, { cause });
}
