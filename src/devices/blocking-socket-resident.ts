import type { Socket } from "node:net";
import { HelperPipe, LARGEST_PORTION } from "../comm/helper-pipe.ts";
import { INTERRUPT, type Interruptible, type Resident } from "../comm/helper-protocol.ts";
import { packError, type TransferredError } from "../comm/error-transfer.ts";
import { bytesGivenToSystem, openSocket } from "./async-socket.ts";
import { readDescriptor } from "./descriptor.ts";
import { handleOf } from "./socket-handle.ts";
import type { SocketConnectOptions, SocketLink } from "./socket.ts";

/** How a {@link SocketResident} is opened: `memory` is that of its pipe. */
export type SocketResidentOptions = SocketConnectOptions & { readonly memory: SharedArrayBuffer };

/** What the owner of a {@link SocketResident} is told. */
export interface SocketResidentInfo {
  /** The descriptor, where the system has one for sockets; to be claimed from the pipe for each use. */
  readonly fd: number | undefined;
  readonly link: SocketLink;
}

/** What is read into; it is free again when the bytes are in a pipe. */
const portion = Buffer.allocUnsafeSlow(LARGEST_PORTION);

/** Connects a socket whose owner is another thread, which is blocked. */
export async function openSocketResident(
  { memory, ...options }: SocketResidentOptions,
  signal: AbortSignal,
): Promise<Resident<SocketResidentInfo>> {
  const pipe = new HelperPipe(memory);
  const socket = await openSocket(options, signal, {
    buffer: portion,
    callback(length) {
      pipe.write(portion.subarray(0, length));
      // What comes next may be read by the owner itself.
      return false;
    },
  });
  return new SocketResident(socket, pipe);
}

/** A socket whose owner reads and writes by itself what needs no waiting; the rest is done here. */
class SocketResident implements Resident<SocketResidentInfo>, Interruptible {
  readonly info: SocketResidentInfo;
  readonly #socket: Socket;
  readonly #pipe: HelperPipe;
  #error: Error | undefined;
  /** What had come before a fault, and was not asked for yet. */
  readonly #left: Buffer[] = [];

  constructor(socket: Socket, pipe: HelperPipe) {
    const { remoteAddress, remotePort, localAddress, localPort } = socket;
    this.#socket = socket;
    this.#pipe = pipe;
    this.info = { fd: descriptorOf(socket), link: { remoteAddress, remotePort, localAddress, localPort } };
    this.#prepareDestruction();
    socket.on("error", (error) => {
      this.#error ??= error;
    });
    socket.once("end", () => pipe.close("ended"));
    socket.once("close", () => {
      if (this.#left.length === 0) pipe.close("broken");
      else if (pipe.isAsked) this.read();
    });
  }

  /** Reads a portion into the pipe, as soon as there is one. */
  read(): void {
    if (!this.#pipe.isAsked) return;
    const bytes = this.#left.shift();
    if (bytes === undefined) return void this.#socket.resume();
    this.#pipe.write(bytes);
    if (this.#left.length === 0) this.#pipe.close("broken");
  }

  /** Resolves when the system has taken the bytes, or with what prevented it. */
  write(bytes: Uint8Array): Promise<TransferredError | undefined> {
    return new Promise((resolve) => {
      this.#socket.write(bytes, (error) => resolve(error ? packError(this.#error ?? error) : undefined));
    });
  }

  /** How many of the bytes for {@link write} the system has taken so far. */
  bytesWritten(): number {
    return bytesGivenToSystem(this.#socket);
  }

  setBlocking(isBlocking: boolean, thread?: number): void {
    const handle = handleOf(this.#socket);
    if (isBlocking) {
      if (handle !== undefined && this.#pipe.beginBlocking()) handle.setBlocking(true);
      return;
    }
    handle?.setBlocking(false);
    this.#pipe.endBlocking();
    if (thread !== undefined) process.kill(thread, INTERRUPT);
  }

  /** Closes the sending side. */
  finish(): void {
    this.#socket.end();
  }

  /** What broke the connection, where the system said. */
  fault(): TransferredError | undefined {
    return this.#error === undefined ? undefined : packError(this.#error);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.closed) return resolve();
      this.#socket.once("close", () => resolve());
      this.#socket.destroy();
    });
  }

  /**
   * A fault closes a socket at any time. The owner must not use whatever has its number then, and what came before the
   * fault must not be lost with it.
   */
  #prepareDestruction(): void {
    const socket = this.#socket;
    const destroy = socket._destroy.bind(socket);
    socket._destroy = (error, callback) => {
      this.setBlocking(false);
      this.#pipe.retire();
      if (error !== null) this.#readLeft();
      destroy(error, callback);
    };
  }

  #readLeft(): void {
    const fd = descriptorOf(this.#socket);
    if (fd === undefined) return;
    try {
      for (let bytes = readDescriptor(fd); bytes !== undefined && bytes.length > 0; bytes = readDescriptor(fd))
        this.#left.push(bytes);
    } catch {
      // What cannot be read any more is lost.
    }
  }
}

/** Windows has no descriptors for sockets. */
function descriptorOf(socket: Socket): number | undefined {
  if (process.platform === "win32") return undefined;
  const fd = handleOf(socket)?.fd;
  return fd !== undefined && fd >= 0 ? fd : undefined;
}
