import type { Socket } from "node:net";
import { readDescriptor, writeDescriptor } from "../devices/descriptor.ts";
import { resetError, type SocketLink } from "../devices/socket.ts";
import { gather } from "../core/gather.ts";
import type { BlockingTransport } from "../modes/blocking-transport.ts";
import { DUE, MISSED, monotonicMs, type Wait, WAIT, WATCH_BYTES } from "./child-protocol.ts";

/** Deadlines of a thread that may be blocked for good: a watchdog thread looks after them. */
export class WatchedDeadline {
  readonly memory: SharedArrayBuffer = new SharedArrayBuffer(WATCH_BYTES);
  readonly #due = new Float64Array(this.memory);
  readonly #words = new Int32Array(this.memory);

  /** Sets the deadline, in milliseconds from now; infinite: none. */
  set(wait: Wait, delayMs: number): void {
    this.#words[WAIT] = MISSED[wait];
    this.#due[DUE] = Number.isFinite(delayMs) ? monotonicMs() + delayMs : 0;
  }

  /** Takes the deadline back. */
  clear(): void {
    this.#due[DUE] = 0;
  }
}

/**
 * An accepted socket in a child process that serves nothing else: reads and writes wait in the kernel. A deadline that
 * passes meanwhile ends the process; the server reports it.
 */
export class WatchedTransport implements BlockingTransport<SocketLink> {
  readonly link: SocketLink;
  readonly canResynchronise = false;
  readonly #fd: number;
  readonly #deadline: WatchedDeadline;
  readonly #hangTimeoutMs: number;
  #bytesWritten = 0;

  /** @param hangTimeoutMs how long the time between two waits for the client may be; infinite: no limit. */
  constructor(socket: Socket, fd: number, deadline: WatchedDeadline, hangTimeoutMs: number) {
    const { remoteAddress, remotePort, localAddress, localPort } = socket;
    this.link = { remoteAddress, remotePort, localAddress, localPort };
    this.#fd = fd;
    this.#deadline = deadline;
    this.#hangTimeoutMs = hangTimeoutMs;
    deadline.set("hang", hangTimeoutMs);
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  read(deadline: number, isMidMessage: boolean): Buffer | "ended" {
    const wait = isMidMessage ? "message" : "idle";
    for (;;) {
      const bytes = this.#guarded(wait, deadline, () => readDescriptor(this.#fd));
      // A signal may interrupt the wait.
      if (bytes !== undefined) return bytes.length > 0 ? bytes : "ended";
    }
  }

  write(pieces: readonly Uint8Array[], deadline: number): boolean {
    for (const piece of gather(pieces)) {
      for (let at = 0; at < piece.length;) {
        const taken = this.#guarded("write", deadline, () => writeDescriptor(this.#fd, piece, at));
        at += taken;
        this.#bytesWritten += taken;
      }
    }
    return true;
  }

  finish(): void {}

  /** Whoever gave the socket closes it, when the event loop turns again. */
  leave(): void {}

  flush(): void {}

  close(): void {
    this.#deadline.clear();
  }

  #guarded<Result>(wait: Wait, deadline: number, call: () => Result): Result {
    this.#deadline.set(wait, deadline - performance.now());
    try {
      return call();
    } catch (error) {
      throw resetError(error as Error, this.#bytesWritten);
    } finally {
      this.#deadline.set("hang", this.#hangTimeoutMs);
    }
  }
}
