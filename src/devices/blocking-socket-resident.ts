import type { Socket } from "node:net";
import type { Resident } from "../comm/helper-protocol.ts";
import { openSocket } from "./async-socket.ts";
import { resetError, type SocketConnectOptions, type SocketLink } from "./socket.ts";

/** What the owner of a {@link SocketResident} is told. */
export interface SocketResidentInfo {
  /** The descriptor, where the system has one for sockets: the owner may read and write it while no call is pending. */
  readonly fd: number | undefined;
  readonly link: SocketLink;
}

const BUFFER_SIZE = 65_536;

/** Connects a socket whose owner is another thread, which is blocked. */
export async function openSocketResident(
  options: SocketConnectOptions,
  signal: AbortSignal,
): Promise<Resident<SocketResidentInfo>> {
  return await SocketResident.open(options, signal);
}

/** A socket that is read only while its owner waits for that: all else of it is the owner's. */
class SocketResident implements Resident<SocketResidentInfo> {
  readonly info: SocketResidentInfo;
  readonly #socket: Socket;
  #error: Error | undefined;
  #hasEnded = false;
  #reading: { resolve: (bytes: Uint8Array | undefined) => void; reject: (error: unknown) => void } | undefined;
  /** What came in while nobody waited any more. */
  #early: Uint8Array[] = [];

  static async open(options: SocketConnectOptions, signal: AbortSignal): Promise<SocketResident> {
    let resident: SocketResident | undefined;
    const buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);
    const socket = await openSocket(options, signal, {
      buffer,
      callback(length) {
        resident?.received(Buffer.from(buffer.subarray(0, length)));
        // One read for each wait: what comes later may be read by the owner itself.
        return false;
      },
    });
    resident = new SocketResident(socket);
    return resident;
  }

  private constructor(socket: Socket) {
    const { remoteAddress, remotePort, localAddress, localPort } = socket;
    this.#socket = socket;
    this.info = { fd: descriptorOf(socket), link: { remoteAddress, remotePort, localAddress, localPort } };
    socket.on("error", (error) => {
      this.#error = error;
    });
    socket.on("end", () => {
      this.#hasEnded = true;
      this.#settle();
    });
    socket.on("close", () => {
      this.#error ??= new Error("the socket was closed");
      this.#settle();
    });
  }

  /** The next bytes, `undefined` at the end. */
  read(): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      this.#reading = { resolve, reject };
      if (this.#early.length > 0 || this.#hasEnded || this.#socket.destroyed) this.#settle();
      else this.#socket.resume();
    });
  }

  /** Resolves when the system has taken the bytes. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => (error ? reject(this.#broken(error)) : resolve()));
    });
  }

  /** Closes the sending side. */
  finish(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed) resolve();
      else this.#socket.end(() => resolve());
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.closed) return resolve();
      this.#socket.once("close", () => resolve());
      this.#socket.destroy();
    });
  }

  received(bytes: Uint8Array): void {
    this.#early.push(bytes);
    this.#settle();
  }

  #settle(): void {
    const reading = this.#reading;
    if (reading === undefined) return;
    this.#reading = undefined;
    const bytes = this.#early.shift();
    if (bytes !== undefined || this.#hasEnded) reading.resolve(bytes);
    else reading.reject(this.#broken(this.#error));
  }

  #broken(cause: Error | undefined): Error {
    return resetError(cause, this.#socket.bytesWritten);
  }
}

/** Windows has no descriptors for sockets. */
function descriptorOf(socket: Socket): number | undefined {
  if (process.platform === "win32") return undefined;
  const fd = (socket as unknown as { _handle?: { fd?: number } })._handle?.fd;
  return fd !== undefined && fd >= 0 ? fd : undefined;
}
