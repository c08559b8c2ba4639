import { BlockingSocketTransport } from "../../../devices/socket/blocking-socket-transport.ts";
import type { SocketHandle, SocketName } from "../../../devices/socket/socket-handle.ts";
import type { SocketLink } from "../../../devices/socket/socket.ts";
import type { BlockingTransport } from "../../../modes/blocking/blocking-transport.ts";
import { sharedSocketCalls } from "../../../system/socket-calls.ts";
import { CONNECTION, DUE, LEAVING, monotonicMs, WATCH_BYTES } from "./child-protocol.ts";

/** How long nothing has come in when a connection is given up because the server wishes it. */
const QUIET_MS = 100;

/** What a child and its watchdog know of each other. */
export class Watch {
  readonly memory: SharedArrayBuffer = new SharedArrayBuffer(WATCH_BYTES);
  readonly #due = new Float64Array(this.memory);
  readonly #words = new Int32Array(this.memory);
  readonly #hangTimeoutMs: number;

  /** @param hangTimeoutMs how long the time between two waits for the client may be; 0: no limit. */
  constructor(hangTimeoutMs: number) {
    this.#hangTimeoutMs = hangTimeoutMs;
  }

  /** The number of the connection that is served. */
  set connection(number: number) {
    this.#words[CONNECTION] = number;
  }

  /** Whether the server wishes that connections on which nothing is under way are given up. */
  get isLeaving(): boolean {
    return Atomics.load(this.#words, LEAVING) === 1;
  }

  /** The handler runs from now on. */
  begin(): void {
    if (this.#hangTimeoutMs > 0) this.#due[DUE] = monotonicMs() + this.#hangTimeoutMs;
  }

  /** The handler is done, or waits. */
  end(): void {
    this.#due[DUE] = 0;
  }
}

/**
 * An accepted socket in a child process that serves nothing else. The server has it too, and closes it. Whatever the
 * handler does between two waits for its client is watched by another thread.
 */
export class WatchedTransport implements BlockingTransport<SocketLink> {
  readonly canResynchronise = false;
  readonly #socket: BlockingSocketTransport;
  readonly #watch: Watch;

  constructor(handle: SocketHandle, watch: Watch) {
    this.#socket = new BlockingSocketTransport(handle.fd, sharedSocketCalls(), () => linkOf(handle));
    this.#watch = watch;
  }

  get link(): SocketLink {
    return this.#socket.link;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  /** Whether the client has closed its side, with everything that it had sent before read. */
  get hasEnded(): boolean {
    return this.#socket.hasEnded;
  }

  /** Whether the client has got a part of what it was to get. */
  get isMidWrite(): boolean {
    return this.#socket.isMidWrite;
  }

  read(deadline: number, isMidMessage: boolean, now: number = performance.now()): Buffer | "ended" | "late" | "left" {
    this.#watch.end();
    try {
      return isMidMessage ? this.#socket.read(deadline, true, now) : this.#readUnlessLeaving(deadline, now);
    } finally {
      this.#watch.begin();
    }
  }

  write(bytes: Uint8Array, now: number, deadline: number): boolean {
    this.#watch.end();
    try {
      return this.#socket.write(bytes, now, deadline);
    } finally {
      this.#watch.begin();
    }
  }

  drain(): number {
    return 0;
  }

  /** The server takes leave of the client. */
  finish(): void {}

  leave(): void {}

  flush(): void {
    this.#socket.flush();
  }

  close(): void {}

  #readUnlessLeaving(deadline: number, start: number): Buffer | "ended" | "late" | "left" {
    for (let now = start; ; now = performance.now()) {
      // What a client has just sent may be on its way: a wait that began after the wish has to be over.
      const { isLeaving } = this.#watch;
      const read = this.#socket.read(Math.min(deadline, now + QUIET_MS), false, now);
      if (read !== "late" || deadline <= now + QUIET_MS) return read;
      if (isLeaving) return "left";
    }
  }
}

function linkOf(handle: SocketHandle): SocketLink {
  const remote: SocketName = {};
  const local: SocketName = {};
  handle.getpeername?.(remote);
  handle.getsockname?.(local);
  return {
    remoteAddress: remote.address,
    remotePort: remote.port,
    localAddress: local.address,
    localPort: local.port,
  };
}
