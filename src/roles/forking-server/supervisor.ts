import type { Socket } from "node:net";
import { openListener } from "../../devices/socket/async-socket-listener.ts";
import type { SocketListenOptions } from "../../devices/socket/socket.ts";
import { ServerError, StateError } from "../../errors.ts";
import type { AsyncListener, ListenAddress } from "../../modes/async/async-transport.ts";
import { ChildPool, type PoolSettings } from "./children/child-pool.ts";
import { ConnectionQueue } from "./children/connection-queue.ts";
import { breakOff, Farewells } from "./children/farewells.ts";
import type { ForkingServerStats } from "./forking-server-stats.ts";
import type { Assignment, ChildInfo, ConnectionEnd } from "./children/server-child.ts";

/** What a {@link ProcessSupervisor} needs to know; plain data. */
export interface SupervisorSettings extends PoolSettings {
  readonly listen: SocketListenOptions;
  readonly maxQueuedConnections: number;
  /** How long a connection may wait for a child, in milliseconds; 0 means no limit. */
  readonly queueTimeoutMs: number;
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

/** The server side of a forking server: accepts connections, and hands each to a child that serves nothing else. */
export class ProcessSupervisor {
  readonly #settings: SupervisorSettings;
  readonly #events: SupervisorEvents;
  readonly #pool: ChildPool;
  readonly #queue: ConnectionQueue;
  readonly #farewells = new Farewells(() => this.#settle());
  #listener: AsyncListener | undefined;
  #state: "closed" | "starting" | "open" | "draining" | "cut" = "closed";
  #started: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #closing: Promise<void> | undefined;
  /** Why the server cannot go on. */
  #failure: Error | undefined;
  /** Told whenever there may be less left to wait for. */
  #settled: (() => void) | undefined;
  #accepted = 0;
  #lastAssignment = 0;
  #served = 0;
  #dropped = 0;

  constructor(settings: SupervisorSettings, events: SupervisorEvents) {
    this.#settings = settings;
    this.#events = events;
    this.#queue = new ConnectionQueue(settings.queueTimeoutMs, (socket, reason) => {
      this.#turnAway(socket, reason);
      this.#settle();
    });
    this.#pool = new ChildPool(settings, {
      available: () => this.#childAvailable(),
      served: ({ socket }, end) => this.#hasServed(socket, end),
      lost: (assignment) => this.#lost(assignment),
      settled: () => this.#settle(),
      childStarted: (info) => events.childStarted(info),
      childExited: (info) => events.childExited(info),
      report: (error) => events.report(error),
      failed: (error) => this.#failed(error),
    });
  }

  /**
   * Binds the address and starts the children.
   *
   * @throws ServerError `ERR_ADDRESS_IN_USE` and others, or `ERR_HANDLER_LOAD`; StateError `ERR_CHANNEL_CLOSED` if it is
   * closed meanwhile.
   */
  async listen(): Promise<ListenAddress> {
    this.#state = "starting";
    try {
      this.#listener = await openListener(this.#settings.listen, true, {
        accepted: (socket) => this.#accept(socket),
        dropped: () => this.#refused("as many are open as maxConnections or the limit of open files allows"),
        failed: (error) => this.#events.report(error),
      });
      const { address } = this.#listener;
      await new Promise<void>((resolve, reject) => {
        this.#started = { resolve, reject };
        // It may have been closed, or a child may have failed, in the meantime.
        if (this.#state === "starting") this.#pool.grow(1);
        if (this.#state !== "starting") reject(this.#failure ?? closedEarly());
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
  stats(): ForkingServerStats {
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
    if (this.#state === "starting") {
      this.#state = "cut";
      this.#started?.reject(closedEarly());
      return;
    }
    if (this.#closing !== undefined) {
      if (drainTimeoutMs === 0) this.#cutShort();
      return await this.#closing;
    }
    if (this.#state === "open") await this.#closeNow(drainTimeoutMs);
  }

  async #closeNow(drainTimeoutMs: number): Promise<void> {
    this.#closing = this.#release(drainTimeoutMs);
    await this.#closing;
    this.#closing = undefined;
    this.#events.closed(this.#failure);
  }

  async #release(drainTimeoutMs: number): Promise<void> {
    this.#state = "draining";
    let timer: NodeJS.Timeout | undefined;
    if (drainTimeoutMs === 0) this.#cutShort();
    else timer = setTimeout(() => this.#cutShort(), drainTimeoutMs);
    await this.#listener?.close();
    this.#listener = undefined;
    this.#pool.drain();
    while (this.#queue.length > 0 || this.#pool.count().busy > 0) await this.#nextSettling();
    this.#pool.close();
    while (this.#pool.size > 0 || this.#farewells.size > 0) await this.#nextSettling();
    clearTimeout(timer);
    this.#state = "closed";
  }

  #nextSettling(): Promise<void> {
    return new Promise((resolve) => {
      this.#settled = resolve;
    });
  }

  #settle(): void {
    this.#settled?.();
  }

  /** Ends everything that is under way. */
  #cutShort(): void {
    this.#state = "cut";
    for (const { socket } of this.#queue.takeAll()) socket.destroy();
    this.#pool.kill();
    this.#farewells.cutShort();
    this.#settle();
  }

  #accept(socket: Socket): void {
    this.#accepted++;
    // A client that breaks its connection while it waits is noticed by the child that gets it.
    socket.on("error", () => undefined);
    if (this.#state === "cut") return void socket.destroy();
    if (this.#queue.length >= this.#settings.maxQueuedConnections && this.#pool.idle() === undefined) {
      return this.#turnAway(socket, "too many connections were waiting for a child");
    }
    this.#queue.add(socket);
    this.#dispatch();
  }

  #childAvailable(): void {
    if (this.#pool.idle() !== undefined) this.#started?.resolve();
    this.#dispatch();
  }

  #dispatch(): void {
    for (let child = this.#pool.idle(); child !== undefined; child = this.#pool.idle()) {
      const waiting = this.#queue.take();
      if (waiting === undefined) break;
      child.serve(++this.#lastAssignment, waiting.socket, waiting.since);
    }
    this.#pool.grow(this.#queue.length);
  }

  /** The child has no part in it any more: what is left to do is waiting for the client, if it has not closed its side. */
  #hasServed(socket: Socket, end: ConnectionEnd): void {
    this.#served++;
    if (end === "cut") breakOff(socket);
    else if (end === "over" || this.#state === "cut") socket.destroy();
    else this.#farewells.add(socket);
  }

  /** A connection that its child had not begun goes to another; one that it had begun is broken off for all to see. */
  #lost({ socket, since, hasBegun }: Assignment): void {
    if (hasBegun || this.#state === "cut") breakOff(socket);
    else this.#queue.putBack({ socket, since });
  }

  #turnAway(socket: Socket, reason: string): void {
    this.#farewells.add(socket);
    this.#refused(reason);
  }

  #refused(reason: string): void {
    this.#dropped++;
    this.#events.report(new ServerError("ERR_SERVER_BUSY", `a connection was closed at once: ${reason}`));
  }

  #failed(error: ServerError): void {
    this.#failure = error;
    if (this.#state === "starting") {
      this.#state = "cut";
      this.#started?.reject(error);
    } else if (this.#closing === undefined) {
      void this.#closeNow(0);
    } else {
      this.#cutShort();
    }
  }
}

function closedEarly(): StateError {
  return new StateError("ERR_CHANNEL_CLOSED", "the server was closed before it listened");
}
