import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { handleOf } from "../../../devices/socket/socket-handle.ts";
import {
  type Envelope,
  type FromChild,
  opened,
  REPORT_FD,
  type SerialisedSetup,
  type Step,
  type ToChild,
} from "./child-protocol.ts";
import type { TransferredError } from "../../../comm/error-transfer.ts";
import type { PoolTiming } from "./pool-timing.ts";
import { ReportLine } from "./report-line.ts";

/** How often a child is looked at. */
const LOOK_INTERVAL_MS = 250;

/** What a child is doing. */
export type ChildState = "starting" | "idle" | "busy" | "retiring" | "dead";

/** A child as the hooks of a server see it. */
export interface ChildInfo {
  /** The id of the process. */
  readonly pid: number;
  /** Connections that it has served. */
  readonly served: number;
  /** The status that it ended with; `null` while it lives, or if a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended it. */
  readonly signal: NodeJS.Signals | null;
}

/** A connection that was handed over. */
export interface Assignment {
  readonly connection: number;
  readonly socket: Socket;
  /** Since when it waited to be served, on the clock of `performance.now()`. */
  readonly since: number;
  /** Whether the child has said that it has begun. */
  hasBegun: boolean;
}

/** How a child has left a connection; see `STEPS`. */
export type ConnectionEnd = Exclude<Step, "begun">;

/** The pool above a child. */
export interface ChildOwner {
  /** The child is ready to serve its first connection. */
  ready(child: ServerChild): void;
  /** The handler module cannot be used. */
  unfit(child: ServerChild, error: TransferredError): void;
  /** The child is free again. The connection that it has served is still open here. */
  served(child: ServerChild, assignment: Assignment, end: ConnectionEnd): void;
  /** A fault of a handler that its own `onError` did not take. */
  fault(error: TransferredError): void;
  /** The handler, or the whole process, hangs; the child is being ended. */
  hung(child: ServerChild): void;
  /** The handler module takes too long to load; the child is being ended. */
  stuck(child: ServerChild): void;
  /** The process is gone, or could not be started; with the connection that it had. */
  exited(child: ServerChild, assignment: Assignment | undefined): void;
}

/** A state, with the connection that was handed over where there is one. */
type State =
  | { readonly kind: Exclude<ChildState, "busy"> }
  | { readonly kind: "busy"; readonly assignment: Assignment };

/** One child process of a forking server, and the connection that it serves. Its state is nobody else's to change. */
export class ServerChild {
  #state: State = { kind: "starting" };
  #served = 0;
  /** Why there is no process. */
  failure: Error | undefined;
  readonly #owner: ChildOwner;
  readonly #timing: PoolTiming;
  readonly #process: ChildProcess;
  /** What only the messages of this child's own protocol have. */
  readonly #key = randomBytes(16).toString("base64url");
  readonly #looking: NodeJS.Timeout;
  #killing: NodeJS.Timeout | undefined;
  #isAsked = false;
  #hasExited = false;
  /** How often it was looked at since it gave the last sign of life that counts. */
  #looks = 0;
  #line: ReportLine | undefined;

  /** @param execArgv the options that Node.js is started with. */
  constructor(setup: SerialisedSetup, execArgv: readonly string[], timing: PoolTiming, owner: ChildOwner) {
    this.#owner = owner;
    this.#timing = timing;
    this.#process = fork(new URL("./child-main.js", import.meta.url), [String(process.pid)], {
      execArgv: [...execArgv],
      stdio: ["ignore", "inherit", "inherit", "ipc", "pipe"],
    });
    this.#looking = setInterval(() => this.#look(), LOOK_INTERVAL_MS);
    this.#process.on("error", (error) => this.#failed(error));
    if (this.#process.pid === undefined) return;
    this.#process.on("message", (received: Envelope<FromChild>) => this.#received(opened(received, this.#key)));
    // What the child said last may be read after its end is noticed.
    this.#process.on("exit", () => this.#exited());
    this.#process.on("disconnect", () => this.#exited());
    const reports = {
      beat: () => this.#beat(),
      step: (step: Step, connection: number) => this.#step(step, connection),
      hung: (connection: number) => this.#hung(connection),
    };
    this.#line = new ReportLine(this.#process.stdio[REPORT_FD] as Socket, reports, () => this.#exited());
    this.#tell({ kind: "setup", setup });
  }

  /** What the child is doing. */
  get state(): ChildState {
    return this.#state.kind;
  }

  /** Connections that it has served. */
  get served(): number {
    return this.#served;
  }

  /** What the hooks of the server are given. */
  get info(): ChildInfo {
    const { pid, exitCode, signalCode } = this.#process;
    return { pid: pid ?? 0, served: this.#served, exitCode, signal: signalCode };
  }

  /** Whether somebody has asked the process to end: it has not died by itself then. */
  get isAsked(): boolean {
    return this.#isAsked;
  }

  /** Hands a connection over. The socket stays open here too, so that nothing is lost if the child dies. */
  serve(connection: number, socket: Socket, since: number): void {
    this.#state = { kind: "busy", assignment: { connection, socket, since, hasBegun: false } };
    // The bare handle: an object around it would be made there for nothing, and the socket here closed.
    const handle = handleOf(socket) as unknown as Socket;
    // That it was sent says nothing about its arrival: `begun` does.
    this.#process.send(this.#enveloped({ kind: "serve", connection }), handle, undefined, () => undefined);
  }

  /** Asks the child to end when it is free. */
  retire(): void {
    if (this.#state.kind === "dead") return;
    if (this.#state.kind !== "busy") this.#state = { kind: "retiring" };
    this.#isAsked = true;
    this.#tell({ kind: "retire" });
  }

  /** From now on, a connection is given up when nothing is under way on it. */
  leave(): void {
    this.#line?.leave();
  }

  /** Ends the process now. */
  kill(): void {
    this.#isAsked = true;
    this.#process.kill("SIGKILL");
  }

  /** Ends the process: asks it to, then makes it. */
  #terminate(): void {
    this.#isAsked = true;
    this.#process.kill("SIGTERM");
    this.#killing = setTimeout(() => this.kill(), this.#timing.killGraceMs);
  }

  #tell(message: ToChild): void {
    // A child that has ended is told of by its exit.
    if (this.#process.connected) this.#process.send(this.#enveloped(message), () => undefined);
  }

  #enveloped(message: ToChild): Envelope<ToChild> {
    return { key: this.#key, message };
  }

  /** @param message nothing, if it is one that a handler has sent. */
  #received(message: FromChild | undefined): void {
    switch (message?.kind) {
      case undefined:
        break;
      case "ready":
        this.#looks = 0;
        if (this.#state.kind === "starting") this.#state = { kind: "idle" };
        this.#owner.ready(this);
        break;
      case "unfit":
        this.#owner.unfit(this, message.error);
        break;
      case "step":
        this.#line?.heard(message.step, message.connection);
        break;
      case "fault":
        this.#owner.fault(message.error);
        break;
      case "leaving":
        this.#isAsked = true;
        break;
    }
  }

  /** The connection that is served, if its number ends so. */
  #assignment(connection: number): Assignment | undefined {
    if (this.#state.kind !== "busy") return undefined;
    const { assignment } = this.#state;
    return (assignment.connection & 0xff) === connection ? assignment : undefined;
  }

  #step(step: Step, connection: number): void {
    const assignment = this.#assignment(connection);
    if (assignment === undefined) return;
    assignment.hasBegun = true;
    if (step === "begun") return;
    clearTimeout(this.#killing);
    this.#killing = undefined;
    this.#served++;
    this.#state = { kind: "idle" };
    this.#owner.served(this, assignment, step);
  }

  #beat(): void {
    if (this.#state.kind !== "starting") this.#looks = 0;
  }

  #hung(connection: number): void {
    if (this.#assignment(connection) === undefined || this.#killing !== undefined) return;
    this.#owner.hung(this);
    // It may have something to put in order.
    this.#terminate();
  }

  #look(): void {
    const { startTimeoutMs, silenceMs } = this.#timing;
    const isStarting = this.#state.kind === "starting";
    const limit = isStarting ? startTimeoutMs : silenceMs;
    // Looks are counted, not time: if it was this process that stood still, it has looked only once.
    if (++this.#looks * LOOK_INTERVAL_MS <= limit || this.#killing !== undefined) return;
    this.#looks = 0;
    if (isStarting) this.#owner.stuck(this);
    else this.#owner.hung(this);
    this.kill();
  }

  /** The process cannot be started. Anything else that cannot be done concerns one that is ending. */
  #failed(error: Error): void {
    if (this.#process.pid !== undefined) return;
    this.failure = error;
    this.#end();
  }

  #exited(): void {
    const { exitCode, signalCode, connected } = this.#process;
    if (connected || this.#line?.isClosed === false || (exitCode === null && signalCode === null)) return;
    this.#end();
  }

  #end(): void {
    if (this.#hasExited) return;
    this.#hasExited = true;
    const assignment = this.#state.kind === "busy" ? this.#state.assignment : undefined;
    this.#state = { kind: "dead" };
    clearInterval(this.#looking);
    clearTimeout(this.#killing);
    this.#owner.exited(this, assignment);
  }
}
