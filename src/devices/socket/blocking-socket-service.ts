import { fstatSync } from "node:fs";
import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { packError, type TransferredError } from "../../comm/error-transfer.ts";
import type { HelperService } from "../../comm/helper/helper-protocol.ts";
import { sharedSocketCalls } from "../../system/socket-calls.ts";
import { bytesGivenToSystem } from "./async-socket.ts";
import { openSocket } from "./open-socket.ts";
import { handleOf } from "./socket-handle.ts";
import type { SocketConnectOptions, SocketLink } from "./socket.ts";

/** What the owner of a {@link SocketService} gets. */
export interface SocketServiceInfo {
  readonly link: SocketLink;
  /** Where the system has one for sockets: the owner may duplicate it, and then close the service. */
  readonly descriptor: SocketDescriptor | undefined;
}

/** A descriptor in the thread of a helper, which may be closed, and its number given to another file, at any time. */
export interface SocketDescriptor {
  readonly fd: number;
  /** The number of the socket, which no other file has. */
  readonly inode: number;
}

/** What came of reading: bytes, the end, or what broke the connection (`undefined` if the system did not say). */
export type SocketPortion = Uint8Array | "ended" | { readonly fault: TransferredError | undefined };

/** What came of writing. */
export interface SocketWriting {
  /** How many bytes the system has taken since the socket was opened. */
  readonly bytesWritten: number;
  /** Whether it has taken all that it was given. */
  readonly isComplete: boolean;
  readonly fault: TransferredError | undefined;
}

/** How much is read at once. */
const PORTION_BYTES = 65_536;
/** Timers of Node.js count no further. */
const LONGEST_TIMER_MS = 2 ** 31;

/** Connects a socket for an owner that is blocked. Nothing is read before the owner asks for it. */
export async function openSocketService(
  options: SocketConnectOptions & { readonly limitMs: number },
  signal: AbortSignal,
): Promise<HelperService<SocketServiceInfo>> {
  let service: SocketService | undefined;
  const socket = await openSocket(options, signal, options.limitMs, {
    buffer: Buffer.allocUnsafeSlow(PORTION_BYTES),
    callback(length, buffer) {
      // A copy: the buffer is filled again, and sending a part of it would send all of it.
      service?.taken(Uint8Array.from(buffer.subarray(0, length)));
      return false;
    },
  });
  service = new SocketService(socket);
  return service;
}

/** A socket whose owner is another thread: what it reads and writes is passed on between them. */
class SocketService implements HelperService<SocketServiceInfo> {
  readonly info: SocketServiceInfo;
  readonly #socket: Socket;
  #error: Error | undefined;
  /** How many bytes were given to be written. */
  #given = 0;
  /** What had come before a fault, and was not asked for yet. */
  readonly #left: SocketPortion[] = [];
  #reader: ((portion: SocketPortion) => void) | undefined;

  constructor(socket: Socket) {
    const { remoteAddress, remotePort, localAddress, localPort } = socket;
    this.#socket = socket;
    this.info = { link: { remoteAddress, remotePort, localAddress, localPort }, descriptor: descriptorOf(socket) };
    this.#prepareDestruction();
    // What comes after the first of these is not asked for any more.
    socket.once("error", (error) => {
      this.#error = error;
      this.taken({ fault: packError(error) });
    });
    socket.on("error", () => undefined);
    socket.once("end", () => this.taken("ended"));
    socket.once("close", () => this.taken({ fault: undefined }));
  }

  /** Resolves with the next portion. */
  read(): Promise<SocketPortion> {
    const left = this.#left.shift();
    if (left !== undefined) return Promise.resolve(left);
    return new Promise((resolve) => {
      this.#reader = resolve;
      this.#socket.resume();
    });
  }

  /** Resolves when everything that had come before was seen. */
  async look(): Promise<void> {
    // The event loop has to look at the socket once after it was resumed, which may have happened only now.
    await turn();
    await turn();
  }

  /** Hands a portion to the reader, now or when there is one. */
  taken(portion: SocketPortion): void {
    if (this.#reader === undefined) this.#left.push(portion);
    this.#reader?.(portion);
    this.#reader = undefined;
  }

  /**
   * Writes bytes.
   *
   * @param offset how many bytes came before them. Those that were given already are not written again.
   * @param timeoutMs when to answer at the latest.
   */
  write(bytes: Uint8Array, offset: number, timeoutMs: number): Promise<SocketWriting> {
    const rest = bytes.subarray(this.#given - offset);
    this.#given += rest.length;
    return new Promise((resolve) => {
      const answer = (error?: Error | null): void => {
        clearTimeout(timer);
        const bytesWritten = bytesGivenToSystem(this.#socket);
        const fault = error instanceof Error ? packError(this.#error ?? error) : undefined;
        resolve({ bytesWritten, isComplete: bytesWritten === this.#given, fault });
      };
      const timer = timeoutMs < LONGEST_TIMER_MS ? setTimeout(answer, timeoutMs) : undefined;
      this.#socket.write(rest, answer);
    });
  }

  /** Closes the sending side. */
  finish(): void {
    this.#socket.end();
  }

  /** Closes the socket, so that the other end sees no clean end if what it has got is not all. */
  close(isMidWrite?: boolean): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.closed) return resolve();
      this.#socket.once("close", () => resolve());
      if (isMidWrite === true && this.#socket.remotePort !== undefined) this.#socket.resetAndDestroy();
      else this.#socket.destroy();
    });
  }

  /** A fault of writing closes the socket: what had come before must not be lost with it. */
  #prepareDestruction(): void {
    const socket = this.#socket;
    const destroy = socket._destroy.bind(socket);
    socket._destroy = (error, callback) => {
      if (error !== null) this.#readLeft();
      destroy(error, callback);
    };
  }

  #readLeft(): void {
    const fd = this.info.descriptor?.fd;
    if (fd === undefined) return;
    try {
      const { receive } = sharedSocketCalls();
      for (let bytes = receive(fd); bytes !== undefined && bytes.length > 0; bytes = receive(fd))
        this.taken(Uint8Array.from(bytes));
    } catch {
      // What cannot be read any more is lost.
    }
  }
}

/** Windows has no descriptors for sockets. */
function descriptorOf(socket: Socket): SocketDescriptor | undefined {
  if (process.platform === "win32") return undefined;
  const fd = handleOf(socket)?.fd;
  return fd !== undefined && fd >= 0 ? { fd, inode: fstatSync(fd).ino } : undefined;
}
