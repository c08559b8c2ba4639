import type { Socket } from "node:net";
import { type ChannelError, StateError } from "../../errors.ts";
import type { AsyncTransport, TransportEvents } from "../../modes/async/async-transport.ts";
import { openSocket } from "./open-socket.ts";
import { handleOf } from "./socket-handle.ts";
import { checkConnectOptions, resetError, type SocketConnectOptions, type SocketLink } from "./socket.ts";

/**
 * Connects to a TCP or Unix socket.
 *
 * @returns what connects, and rejects with an OpenError, or the reason of the signal.
 * @throws OptionsError `ERR_OPTIONS` for an address that is none.
 */
export function connectAsyncSocket(
  options: SocketConnectOptions,
): (signal: AbortSignal, limitMs?: number) => Promise<AsyncTransport<SocketLink>> {
  checkConnectOptions(options);
  return async (signal, limitMs) => new AsyncSocketTransport(await openSocket(options, signal, limitMs));
}

/** A connected socket. */
export class AsyncSocketTransport implements AsyncTransport<SocketLink> {
  readonly link: SocketLink;
  readonly canResynchronise = false;
  readonly #socket: Socket;
  #events: TransportEvents | undefined;
  #error: ChannelError | undefined;
  #hasEnded = false;
  #isDestroyed = false;
  /** Bytes that were given to the socket since it was opened. */
  #accepted = 0;
  /** Who waits for the bytes before a position to be given to the system, in order. */
  readonly #waiters: Waiter[] = [];
  /** Whether `drained` is due when nothing is queued any more. */
  #isDrainDue = false;
  readonly #written = (error?: Error | null): void => this.#afterWrite(error);

  constructor(socket: Socket) {
    this.#socket = socket;
    this.link = new SocketEnds(socket);
    // A fault before anybody is attached is told as soon as somebody is.
    socket.on("error", (error) => {
      this.#error ??= resetError(error, this.bytesWritten);
    });
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  get bytesWritten(): number {
    return bytesGivenToSystem(this.#socket);
  }

  attach(events: TransportEvents): void {
    const socket = this.#socket;
    this.#events = events;
    if (socket.destroyed) {
      queueMicrotask(() => events.closed(this.#error));
      return;
    }
    socket.on("data", (bytes: Buffer) => events.data(bytes));
    socket.resume();
    socket.on("end", () => {
      this.#hasEnded = true;
      events.ended();
    });
    socket.on("close", () => {
      // Some resets come without an error and without an end.
      const isCut = this.#error === undefined && !this.#hasEnded && !this.#isDestroyed;
      if (isCut) this.#error = resetError(undefined, this.bytesWritten);
      this.#failWaiters();
      events.closed(this.#error);
    });
  }

  write(pieces: readonly Uint8Array[]): void {
    const socket = this.#socket;
    if (socket.destroyed || !socket.writable) return;
    if (pieces.length > 1) socket.cork();
    for (const piece of pieces) {
      this.#accepted += piece.length;
      socket.write(piece, this.#written);
    }
    if (pieces.length > 1) socket.uncork();
    if (socket.writableLength > 0) this.#isDrainDue = true;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  finish(): void {
    this.#socket.end();
    this.#socket.resume();
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  drain(): Promise<void> {
    const socket = this.#socket;
    if (socket.writableLength === 0) return Promise.resolve();
    if (socket.destroyed) return Promise.reject(this.#error ?? closedWhileDraining());
    return new Promise((resolve, reject) => this.#waiters.push({ position: this.#accepted, resolve, reject }));
  }

  destroy(error?: ChannelError, isBroken = false): void {
    this.#isDestroyed = true;
    this.#error ??= error;
    // Only TCP knows a reset.
    if (isBroken && this.#socket.remotePort !== undefined) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  /** Called after each write. The end of a write says more than `drain` of the socket, which comes only after much. */
  #afterWrite(error?: Error | null): void {
    // When it is destroyed, Node.js calls the ends of writes that never left without an error.
    if ((error !== undefined && error !== null) || this.#socket.destroyed) return;
    const { writableLength } = this.#socket;
    while (this.#waiters.length > 0 && (this.#waiters[0] as Waiter).position <= this.#accepted - writableLength) {
      this.#waiters.shift()?.resolve();
    }
    if (!this.#isDrainDue || writableLength > 0) return;
    this.#isDrainDue = false;
    this.#events?.drained();
  }

  #failWaiters(): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#error ?? closedWhileDraining());
  }
}

/** A call that waits for bytes to leave. */
interface Waiter {
  readonly position: number;
  resolve(): void;
  reject(error: Error): void;
}

function closedWhileDraining(): StateError {
  return new StateError("ERR_CHANNEL_CLOSED", "the channel was closed before all that was queued had left");
}

/** Who is at the ends of a socket, and no more of it. */
class SocketEnds implements SocketLink {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    // Node.js keeps what it was asked for once; a socket that was reset does not know it any more.
    void socket.remoteAddress;
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  get localAddress(): string | undefined {
    return this.#socket.localAddress;
  }

  get localPort(): number | undefined {
    return this.#socket.localPort;
  }
}

/** How many bytes of a stream are out of this process: those that libuv still holds do not count. */
export function bytesGivenToSystem(stream: Socket): number {
  const { _bytesDispatched: dispatched } = stream as unknown as { _bytesDispatched?: number };
  if (dispatched === undefined) return Math.max(0, stream.bytesWritten - stream.writableLength);
  return dispatched - (handleOf(stream)?.writeQueueSize ?? 0);
}
