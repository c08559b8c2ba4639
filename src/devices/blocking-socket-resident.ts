import type { Socket } from "node:net";
import { HelperPipe, LARGEST_PORTION } from "../comm/helper-pipe.ts";
import type { Resident } from "../comm/helper-protocol.ts";
import { packError, type TransferredError } from "../comm/error-transfer.ts";
import { bytesGivenToSystem, openSocket } from "./async-socket.ts";
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
class SocketResident implements Resident<SocketResidentInfo> {
  readonly info: SocketResidentInfo;
  readonly #socket: Socket;
  #error: Error | undefined;

  constructor(socket: Socket, pipe: HelperPipe) {
    const { remoteAddress, remotePort, localAddress, localPort } = socket;
    this.#socket = socket;
    this.info = { fd: descriptorOf(socket), link: { remoteAddress, remotePort, localAddress, localPort } };
    retireBeforeClosing(socket, pipe);
    socket.on("error", (error) => {
      this.#error ??= error;
    });
    socket.once("end", () => pipe.close("ended"));
    socket.once("close", () => pipe.close("broken"));
  }

  /** Reads a portion into the pipe, as soon as there is one. */
  read(): void {
    this.#socket.resume();
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
}

/** A fault closes a socket at any time, and the owner must not write to whatever has its number then. */
function retireBeforeClosing(socket: Socket, pipe: HelperPipe): void {
  const destroy = socket._destroy.bind(socket);
  socket._destroy = (error, callback) => {
    pipe.retire();
    destroy(error, callback);
  };
}

/** Windows has no descriptors for sockets. */
function descriptorOf(socket: Socket): number | undefined {
  if (process.platform === "win32") return undefined;
  const fd = (socket as unknown as { _handle?: { fd?: number } })._handle?.fd;
  return fd !== undefined && fd >= 0 ? fd : undefined;
}
