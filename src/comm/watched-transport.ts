import { readDescriptor, writeDescriptor } from "../devices/descriptor.ts";
import type { SocketHandle, SocketName } from "../devices/socket-handle.ts";
import { resetError, type SocketLink } from "../devices/socket.ts";
import type { BlockingTransport } from "../modes/blocking-transport.ts";
import {
  CONNECTION,
  DUE,
  LATE,
  LEFT,
  MISSED,
  monotonicMs,
  type Wait,
  WAIT,
  WAITS,
  WATCH_BYTES,
} from "./child-protocol.ts";

/** Deadlines of a thread that may be blocked for good: a watchdog thread looks after them. */
export class WatchedDeadline {
  readonly memory: SharedArrayBuffer = new SharedArrayBuffer(WATCH_BYTES);
  readonly #due = new Float64Array(this.memory);
  readonly #words = new Int32Array(this.memory);

  /** The number of the connection that the deadlines are about. */
  set connection(number: number) {
    this.#words[CONNECTION] = number;
  }

  /**
   * Sets the deadline, in milliseconds from now; infinite: none.
   *
   * @returns whether the wait before was taken away by the watchdog: {@link LATE} or {@link LEFT}.
   */
  set(wait: Wait, delayMs: number): number {
    // The deadline of one wait must never be seen as that of another.
    this.#due[DUE] = 0;
    Atomics.add(this.#words, WAITS, 1);
    const last = Atomics.exchange(this.#words, WAIT, MISSED[wait]);
    if (Number.isFinite(delayMs)) this.#due[DUE] = monotonicMs() + delayMs;
    return last;
  }

  /** Takes the deadline back. */
  clear(): void {
    this.set("hang", Number.POSITIVE_INFINITY);
  }
}

/**
 * An accepted socket in a child process that serves nothing else: reads and writes wait in the kernel. When a deadline
 * passes meanwhile, the server has the client close the connection, or ends the process.
 */
export class WatchedTransport implements BlockingTransport<SocketLink> {
  readonly canResynchronise = false;
  readonly #handle: SocketHandle;
  readonly #deadline: WatchedDeadline;
  readonly #hangTimeoutMs: number;
  #link: SocketLink | undefined;
  #hasEnded = false;
  #bytesWritten = 0;

  /** @param hangTimeoutMs how long the time between two waits for the client may be; infinite: no limit. */
  constructor(handle: SocketHandle, deadline: WatchedDeadline, hangTimeoutMs: number) {
    this.#handle = handle;
    this.#deadline = deadline;
    this.#hangTimeoutMs = hangTimeoutMs;
    deadline.set("hang", hangTimeoutMs);
  }

  get link(): SocketLink {
    if (this.#link !== undefined) return this.#link;
    const remote: SocketName = {};
    const local: SocketName = {};
    this.#handle.getpeername?.(remote);
    this.#handle.getsockname?.(local);
    this.#link = {
      remoteAddress: remote.address,
      remotePort: remote.port,
      localAddress: local.address,
      localPort: local.port,
    };
    return this.#link;
  }

  /** Whether the client has closed its side, with everything that it had sent before read. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  read(deadline: number, isMidMessage: boolean): Buffer | "ended" | "late" | "left" {
    for (;;) {
      this.#deadline.set(isMidMessage ? "message" : "idle", deadline - performance.now());
      const { bytes, error } = this.#tryRead();
      const taken = this.#deadline.set("hang", this.#hangTimeoutMs);
      if (taken === LATE) return "late";
      if (taken === LEFT) return "left";
      if (error !== undefined) throw resetError(error, this.#bytesWritten);
      // A signal may interrupt the wait.
      if (bytes === undefined) continue;
      if (bytes.length > 0) return bytes;
      this.#hasEnded = true;
      return "ended";
    }
  }

  write(bytes: Uint8Array, now: number, deadline: number): boolean {
    this.#deadline.set("write", deadline - now);
    try {
      for (let at = 0; at < bytes.length;) {
        const taken = writeDescriptor(this.#handle.fd, bytes, at);
        at += taken;
        this.#bytesWritten += taken;
      }
    } catch (error) {
      throw resetError(error as Error, this.#bytesWritten);
    } finally {
      this.#deadline.set("hang", this.#hangTimeoutMs);
    }
    return true;
  }

  drain(): number {
    return 0;
  }

  finish(): void {}

  /** Whoever gave the socket closes it. */
  leave(): void {}

  flush(): void {}

  close(): void {}

  #tryRead(): { readonly bytes?: Buffer | undefined; readonly error?: Error } {
    try {
      return { bytes: readDescriptor(this.#handle.fd) };
    } catch (error) {
      return { error: error as Error };
    }
  }
}
