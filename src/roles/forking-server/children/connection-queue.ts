import type { Socket } from "node:net";

/** A connection that waits for a child. */
export interface WaitingConnection {
  readonly socket: Socket;
  /** Since when, on the clock of `performance.now()`. */
  readonly since: number;
}

/** The connections of a forking server that wait for a child: first come, first served, but not for ever. */
export class ConnectionQueue {
  readonly #timeoutMs: number;
  readonly #expired: (socket: Socket, reason: string) => void;
  #waiting: WaitingConnection[] = [];
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param timeoutMs how long a connection may wait, in milliseconds; 0 means no limit.
   * @param expired is given those that have waited for longer.
   */
  constructor(timeoutMs: number, expired: (socket: Socket, reason: string) => void) {
    this.#timeoutMs = timeoutMs;
    this.#expired = expired;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** Adds a connection at the end. */
  add(socket: Socket): void {
    this.#waiting.push({ socket, since: performance.now() });
    this.#watch();
  }

  /** Puts a connection that was taken back at the beginning. */
  putBack(connection: WaitingConnection): void {
    this.#waiting.unshift(connection);
    this.#watch();
  }

  /** Takes the connection that has waited the longest. */
  take(): WaitingConnection | undefined {
    const taken = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#unwatch();
    return taken;
  }

  /** Takes all connections. */
  takeAll(): readonly WaitingConnection[] {
    this.#unwatch();
    return this.#waiting.splice(0);
  }

  #watch(): void {
    const [oldest] = this.#waiting;
    if (this.#timeoutMs === 0 || oldest === undefined || this.#timer !== undefined) return;
    const left = oldest.since + this.#timeoutMs - performance.now();
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, Math.ceil(left)));
  }

  #unwatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #expire(): void {
    this.#timer = undefined;
    const due = performance.now() - this.#timeoutMs;
    const expired = this.#waiting.filter(({ since }) => since <= due);
    this.#waiting = this.#waiting.filter(({ since }) => since > due);
    this.#watch();
    for (const { socket } of expired) this.#expired(socket, `no child was free for ${this.#timeoutMs} ms`);
  }
}
