import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { once } from "node:events";
import { serialize } from "node:v8";
import {
  ALIVE,
  type ChildSetup,
  type FromChild,
  MISSED,
  type ToChild,
  type Wait,
  WATCHDOG_FD,
} from "./child-protocol.ts";
import type { TransferredError } from "./error-transfer.ts";

/** How long a child may take to end after SIGTERM, before it is sent SIGKILL. */
const KILL_GRACE_MS = 1000;
/** A child whose watchdog is silent for so long is stopped, or cut off from its processor. */
const SILENCE_MS = 3000;
const LOOK_INTERVAL_MS = 500;

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

/** The pool above a child. */
export interface ChildOwner {
  /** The child is ready to serve its first connection. */
  ready(child: ServerChild): void;
  /** The handler module cannot be used. */
  unfit(child: ServerChild, error: TransferredError): void;
  /** The child has begun to serve its connection. */
  begun(child: ServerChild): void;
  /** The child has served its connection. */
  served(child: ServerChild): void;
  /** A fault of a handler that its own `onError` did not take. */
  fault(error: TransferredError): void;
  /** A deadline of the connection was missed, or of the handler; the child is being ended. */
  missed(child: ServerChild, wait: Wait): void;
  /** The process is gone. */
  exited(child: ServerChild): void;
}

/** One child process of a process server, and the connection that it serves. */
export class ServerChild {
  state: ChildState = "starting";
  /** The connection that was handed over, and whether the child has said that it has begun. */
  assignment: { readonly connection: number; readonly socket: Socket; hasBegun: boolean } | undefined;
  /** Connections that it has served. */
  served = 0;
  readonly startedAt: number = performance.now();
  readonly #owner: ChildOwner;
  readonly #process: ChildProcess;
  readonly #looking: NodeJS.Timeout;
  #killing: NodeJS.Timeout | undefined;
  #isEnded = false;
  #lastBeat: number = performance.now();

  /** @param execArgv the options that Node.js is started with. */
  constructor(setup: ChildSetup, execArgv: readonly string[], owner: ChildOwner) {
    this.#owner = owner;
    this.#process = fork(new URL("./child-main.js", import.meta.url), [String(process.pid)], {
      execArgv: [...execArgv],
      stdio: ["ignore", "inherit", "inherit", "ipc", "pipe"],
    });
    this.#process.on("message", (message: FromChild) => this.#received(message));
    this.#process.on("error", () => this.kill());
    // What the child said last may be read after its end is noticed.
    const ended = [once(this.#process, "exit"), once(this.#process, "disconnect")];
    void Promise.all(ended).then(() => this.#exited());
    const reports = this.#process.stdio[WATCHDOG_FD] as Readable;
    reports.on("data", (bytes: Buffer) => this.#reported(bytes));
    reports.on("error", () => undefined);
    this.#looking = setInterval(() => this.#look(), LOOK_INTERVAL_MS);
    this.#tell({ kind: "setup", setup: serialize(setup).toString("base64") });
  }

  /** What the hooks of the server are told. */
  get info(): ChildInfo {
    const { pid, exitCode, signalCode } = this.#process;
    return { pid: pid ?? 0, served: this.served, exitCode, signal: signalCode };
  }

  /** Hands a connection over. The socket stays open here too, so that nothing is lost if the child dies. */
  serve(connection: number, socket: Socket): void {
    this.state = "busy";
    this.assignment = { connection, socket, hasBegun: false };
    // That it was sent says nothing about its arrival: `begun` does.
    this.#process.send({ kind: "serve", connection } satisfies ToChild, socket, { keepOpen: true }, () => undefined);
  }

  /** Asks the child to end when it is free. */
  retire(): void {
    if (this.state === "dead") return;
    if (this.state !== "busy") this.state = "retiring";
    this.#tell({ kind: "retire" });
  }

  /** Whether the server has ended the process, which has not died by itself then. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Ends the process: asks it to, then makes it. */
  terminate(): void {
    if (this.state === "dead" || this.#killing !== undefined) return;
    this.#isEnded = true;
    this.#process.kill("SIGTERM");
    this.#killing = setTimeout(() => this.kill(), KILL_GRACE_MS);
  }

  /** Ends the process now. */
  kill(): void {
    this.#isEnded = true;
    this.#process.kill("SIGKILL");
  }

  #tell(message: ToChild): void {
    // A child that has ended is told of by its exit.
    if (this.#process.connected) this.#process.send(message, () => undefined);
  }

  #received(message: FromChild): void {
    switch (message.kind) {
      case "ready":
        this.state = "idle";
        this.#owner.ready(this);
        break;
      case "unfit":
        this.#owner.unfit(this, message.error);
        break;
      case "begun":
        if (this.assignment?.connection === message.connection) this.assignment.hasBegun = true;
        this.#owner.begun(this);
        break;
      case "done":
        this.served++;
        this.#owner.served(this);
        break;
      case "fault":
        this.#owner.fault(message.error);
        break;
    }
  }

  #reported(bytes: Buffer): void {
    this.#lastBeat = performance.now();
    const report = bytes.at(-1);
    if (report === ALIVE || this.#killing !== undefined) return;
    const wait = (Object.keys(MISSED) as Wait[]).find((name) => MISSED[name] === report);
    if (wait !== undefined) this.#missed(wait);
  }

  /** A child that waits for its client cannot hear of a signal; one that hangs may have something to put in order. */
  #missed(wait: Wait): void {
    this.#owner.missed(this, wait);
    if (wait === "hang") this.terminate();
    else this.kill();
  }

  #look(): void {
    if (this.state === "starting" || performance.now() - this.#lastBeat < SILENCE_MS) return;
    this.#owner.missed(this, "hang");
    this.kill();
  }

  #exited(): void {
    this.state = "dead";
    clearInterval(this.#looking);
    clearTimeout(this.#killing);
    this.#owner.exited(this);
  }
}
