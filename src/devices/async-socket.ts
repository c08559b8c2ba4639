import { connect, type OnReadOpts, type Socket } from "node:net";
import type { ChannelError } from "../errors.ts";
import type { AsyncTransport, TransportEvents } from "../modes/async-transport.ts";
import { handleOf } from "./socket-handle.ts";
import { checkConnectOptions, connectError, resetError, type SocketConnectOptions, type SocketLink } from "./socket.ts";

/**
 * Connects to a TCP or Unix socket.
 *
 * @returns what connects, and rejects with an OpenError, or the reason of the signal.
 * @throws OptionsError `ERR_OPTIONS` for an address that is none.
 */
export function connectAsyncSocket(
  options: SocketConnectOptions,
): (signal: AbortSignal) => Promise<AsyncTransport<SocketLink>> {
  checkConnectOptions(options);
  return async (signal) => new AsyncSocketTransport(await openSocket(options, signal));
}

/**
 * A connected socket that nobody reads yet.
 *
 * @param onread reads into a buffer of the caller's instead of emitting events.
 * @throws OptionsError `ERR_OPTIONS` for an address that is none.
 * @throws OpenError `ERR_CONNECT_REFUSED`, `ERR_CONNECT_UNREACHABLE`, `ERR_DNS`, `ERR_CONNECT_FAILED`.
 * @throws the `reason` of the signal, if it aborts.
 */
export function openSocket(options: SocketConnectOptions, signal: AbortSignal, onread?: OnReadOpts): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const address = checkConnectOptions(options);
    signal.throwIfAborted();
    const socket = connect({
      ...address,
      noDelay: options.noDelay ?? true,
      ...probing(options.keepAliveProbeMs),
      allowHalfOpen: true,
      ...(onread !== undefined && { onread }),
    });
    // Nothing is read before somebody is there to take it.
    socket.pause();
    const aborted = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener("abort", aborted, { once: true });
    socket.once("error", (error) => {
      signal.removeEventListener("abort", aborted);
      reject(connectError(error, options));
    });
    socket.once("connect", () => {
      signal.removeEventListener("abort", aborted);
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}

/** The options of `node:net` for keep-alive probes. */
export function probing(keepAliveProbeMs = 0): { keepAlive: boolean; keepAliveInitialDelay: number } {
  return { keepAlive: keepAliveProbeMs > 0, keepAliveInitialDelay: keepAliveProbeMs };
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
  #isWatching = false;

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
      events.closed(isCut ? resetError(undefined, this.bytesWritten) : this.#error);
    });
  }

  write(pieces: readonly Uint8Array[]): void {
    const socket = this.#socket;
    if (socket.destroyed || !socket.writable) return;
    if (pieces.length > 1) socket.cork();
    for (const piece of pieces) socket.write(piece);
    if (pieces.length > 1) socket.uncork();
    if (socket.writableLength > 0) this.#watchDrain();
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
    return new Promise((resolve, reject) => {
      socket.write("", (error) => (error ? reject(this.#error ?? resetError(error, this.bytesWritten)) : resolve()));
    });
  }

  destroy(error?: ChannelError, isBroken = false): void {
    this.#isDestroyed = true;
    this.#error ??= error;
    // Only TCP knows a reset.
    if (isBroken && this.#socket.remotePort !== undefined) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  /** Tells when the queue is empty; `drain` of the socket itself only comes when much had been queued. */
  #watchDrain(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#socket.write("", () => {
      this.#isWatching = false;
      if (this.#socket.destroyed) return;
      if (this.#socket.writableLength > 0) this.#watchDrain();
      else this.#events?.drained();
    });
  }
}

/** Who is at the ends of a socket, and no more of it. */
class SocketEnds implements SocketLink {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
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
