import type { Socket } from "node:net";
import { openListener } from "../devices/async-socket-listener.ts";
import type { SocketListenOptions } from "../devices/socket.ts";
import { ServerError } from "../errors.ts";
import type { AsyncListener, ListenAddress } from "../modes/async-transport.ts";
import { ChildPool, type PoolSettings } from "./child-pool.ts";
import type { ChildInfo, ServerChild } from "./server-child.ts";

/** What a {@link ProcessSupervisor} needs to know; plain data. */
export interface SupervisorSettings extends PoolSettings {
  readonly listen: SocketListenOptions;
  readonly maxQueuedConnections: number;
  /** How long a connection may wait for a child, in milliseconds; 0 means no limit. */
  readonly queueTimeoutMs: number;
}

/** What a process server has done so far. */
export interface ProcessServerStats {
  /** Children by state: started and not ready yet, free, serving, about to end. */
  readonly children: {
    readonly starting: number;
    readonly idle: number;
    readonly busy: number;
    readonly retiring: number;
  };
  /** Connections accepted. */
  readonly accepted: number;
  /** Connections served to their end. */
  readonly served: number;
  /** Connections that wait for a child at the moment. */
  readonly queued: number;
  /** Connections turned away, because too many were waiting, or waited too long. */
  readonly dropped: number;
  /** Children that died and were not asked to. */
  readonly crashed: number;
}

/** What a supervisor tells whoever runs the server. */
export interface SupervisorEvents {
  childStarted(info: ChildInfo): void;
  childExited(info: ChildInfo): void;
  /** A fault that the server survives. */
  report(error: Error): void;
  /** The server is closed and everything is released; with an error if it could not go on. */
  closed(error: Error | undefined): void;
}

/** A connection that waits for a child. */
interface Waiting {
  readonly socket: Socket;
  readonly since: number;
}

/** How long a client that is turned away may take to close its side. */
const FAREWELL_MS = 1000;

/** The server side of a process server: accepts connections, and hands each to a child that serves nothing else. */
export class ProcessSupervisor {
  readonly #settings: SupervisorSettings;
  readonly #events: SupervisorEvents;
  readonly #pool: ChildPool;
  readonly #queue: Waiting[] = [];
  #listener: AsyncListener | undefined;
  #state: "closed" | "starting" | "open" | "draining" = "closed";
  #started: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #closing: Promise<void> | undefined;
  /** Told when no connection waits any more. */
  #drained: (() => void) | undefined;
  #queueTimer: NodeJS.Timeout | undefined;
  #accepted = 0;
  #lastAssignment = 0;
  #served = 0;
  #dropped = 0;

  constructor(settings: SupervisorSettings, events: SupervisorEvents) {
    this.#settings = settings;
    this.#events = events;
    this.#pool = new ChildPool(settings, {
      available: () => this.#childAvailable(),
      progressed: (child, step) => this.#progressed(child, step),
      lost: (child) => this.#lost(child),
      childStarted: (info) => events.childStarted(info),
      childExited: (info) => events.childExited(info),
      report: (error) => events.report(error),
      failed: (error) => this.#failed(error),
    });
  }

  /** Where the server listens. */
  get address(): ListenAddress | undefined {
    return this.#listener?.address;
  }

  /**
   * Binds the address and starts the children.
   *
   * @throws ServerError `ERR_ADDRESS_IN_USE` and others, or `ERR_HANDLER_LOAD`.
   */
  async listen(): Promise<ListenAddress> {
    this.#state = "starting";
    try {
      this.#listener = await openListener(this.#settings.listen, true, {
        accepted: (socket) => this.#accept(socket),
        dropped: () => this.#dropped++,
        failed: (error) => this.#events.report(error),
      });
      const { address } = this.#listener;
      await new Promise<void>((resolve, reject) => {
        this.#started = { resolve, reject };
        this.#pool.grow(1);
      });
      this.#started = undefined;
      this.#state = "open";
      return address;
    } catch (error) {
      this.#started = undefined;
      await this.#release(0);
      throw error;
    }
  }

  /** What the server has done so far. */
  stats(): ProcessServerStats {
    return {
      children: this.#pool.count(),
      accepted: this.#accepted,
      served: this.#served,
      queued: this.#queue.length,
      dropped: this.#dropped,
      crashed: this.#pool.crashed,
    };
  }

  /**
   * Stops accepting, and closes when what is under way is complete, or after `drainTimeoutMs`. A second call may shorten
   * the time.
   */
  async close(drainTimeoutMs: number): Promise<void> {
    if (this.#closing !== undefined) {
      if (drainTimeoutMs === 0) this.#cutShort();
      return await this.#closing;
    }
    if (this.#state === "closed") return;
    await this.#closeWith(undefined, drainTimeoutMs);
  }

  async #closeWith(error: Error | undefined, drainTimeoutMs: number): Promise<void> {
    this.#closing = this.#release(drainTimeoutMs);
    await this.#closing;
    this.#closing = undefined;
    this.#events.closed(error);
  }

  async #release(drainTimeoutMs: number): Promise<void> {
    this.#state = "draining";
    await this.#listener?.close();
    this.#listener = undefined;
    const timer = setTimeout(() => this.#cutShort(), drainTimeoutMs);
    if (drainTimeoutMs === 0) this.#cutShort();
    while (this.#queue.length > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
    await this.#pool.close();
    clearTimeout(timer);
    clearTimeout(this.#queueTimer);
    this.#queueTimer = undefined;
    this.#state = "closed";
  }

  /** Ends everything that is under way. */
  #cutShort(): void {
    for (const { socket } of this.#queue.splice(0)) socket.destroy();
    this.#drained?.();
    this.#pool.kill();
  }

  #accept(socket: Socket): void {
    this.#accepted++;
    // A client that breaks its connection while it waits is noticed by the child that gets it.
    socket.on("error", () => undefined);
    if (this.#queue.length >= this.#settings.maxQueuedConnections && this.#pool.idle() === undefined) {
      this.#turnAway(socket, "too many connections were waiting for a child");
      return;
    }
    this.#queue.push({ socket, since: performance.now() });
    this.#dispatch();
    this.#watchQueue();
  }

  #childAvailable(): void {
    this.#started?.resolve();
    this.#dispatch();
  }

  #dispatch(): void {
    for (let child = this.#pool.idle(); child !== undefined; child = this.#pool.idle()) {
      const waiting = this.#queue.shift();
      if (waiting === undefined) break;
      child.serve(++this.#lastAssignment, waiting.socket);
    }
    if (this.#queue.length === 0) this.#drained?.();
    this.#pool.grow(this.#queue.length);
  }

  #progressed(child: ServerChild, step: "begun" | "served"): void {
    if (step !== "served") return;
    this.#served++;
    // The child has closed the connection in an orderly way; this was only the spare end of it.
    child.assignment?.socket.destroy();
  }

  /** A connection that its child had not begun goes to another; one that it had begun is broken off for all to see. */
  #lost(child: ServerChild): void {
    const { assignment } = child;
    if (assignment === undefined) return;
    child.assignment = undefined;
    if (assignment.hasBegun || this.#state === "closed") {
      // A clean end might be taken for the end of a whole answer. A Unix socket knows no other.
      if (this.#settings.listen.path === undefined) assignment.socket.resetAndDestroy();
      else assignment.socket.destroy();
    } else {
      this.#queue.unshift({ socket: assignment.socket, since: performance.now() });
      this.#dispatch();
    }
  }

  #turnAway(socket: Socket, reason: string): void {
    this.#dropped++;
    this.#events.report(new ServerError("ERR_SERVER_BUSY", `a connection was closed at once: ${reason}`));
    const timer = setTimeout(() => socket.destroy(), FAREWELL_MS);
    socket.once("close", () => clearTimeout(timer));
    socket.on("end", () => socket.destroy());
    socket.end();
    socket.resume();
  }

  #watchQueue(): void {
    const { queueTimeoutMs } = this.#settings;
    const oldest = this.#queue[0];
    if (queueTimeoutMs === 0 || oldest === undefined || this.#queueTimer !== undefined) return;
    const left = oldest.since + queueTimeoutMs - performance.now();
    this.#queueTimer = setTimeout(
      () => {
        this.#queueTimer = undefined;
        const due = performance.now() - queueTimeoutMs;
        while (this.#queue[0] !== undefined && this.#queue[0].since <= due) {
          this.#turnAway((this.#queue.shift() as Waiting).socket, `no child was free for ${queueTimeoutMs} ms`);
        }
        this.#watchQueue();
      },
      Math.max(1, left),
    );
  }

  #failed(error: ServerError): void {
    if (this.#started !== undefined) this.#started.reject(error);
    else void this.#closeWith(error, 0);
  }
}
