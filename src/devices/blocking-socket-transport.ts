import { closeSync } from "node:fs";
import type { ChannelError } from "../errors.ts";
import type { BlockingTransport } from "../modes/blocking-transport.ts";
import { READABLE, WRITABLE } from "../system/descriptors.ts";
import { type SocketCalls, socketCalls } from "../system/socket-calls.ts";
import { halfClose, reset } from "../system/sockets.ts";
import { ReadAhead } from "./read-ahead.ts";
import { resetError, type SocketLink } from "./socket.ts";

/**
 * A connected socket whose descriptor belongs to this thread, which reads, writes and waits by itself: no other thread is
 * involved.
 */
export class BlockingSocketTransport implements BlockingTransport<SocketLink> {
  readonly canResynchronise = false;
  readonly #fd: number;
  readonly #calls: SocketCalls = socketCalls();
  readonly #readLink: () => SocketLink;
  #link: SocketLink | undefined;
  #bytesWritten = 0;
  /** What came in while something was written. */
  readonly #ahead = new ReadAhead();
  #state: "open" | "ended" | "closed" = "open";
  /** What broke the connection, found out while there may still be something to be read. */
  #fault: ChannelError | undefined;
  /** Whether the other end has got a part of what it is to get. */
  #isMidWrite = false;

  /**
   * @param fd a descriptor that does not wait.
   * @param readLink finds out who is at the ends.
   */
  constructor(fd: number, readLink: () => SocketLink) {
    this.#fd = fd;
    this.#readLink = readLink;
  }

  get link(): SocketLink {
    this.#link ??= this.#readLink();
    return this.#link;
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /** Whether the other end has closed its side, with everything that it had sent before read. */
  get hasEnded(): boolean {
    return this.#state === "ended" && this.#ahead.isEmpty;
  }

  read(deadline: number, _isMidMessage: boolean, now: number = performance.now()): Buffer | "ended" | "late" {
    const ahead = this.#ahead.take();
    if (ahead !== undefined) return ahead;
    for (let left = deadline - now; ; left = deadline - performance.now()) {
      if (this.#state !== "open") return this.#end();
      // What has to be waited for is rarely there already, and looking would cost as much as the wait.
      if (left > 0 && this.#calls.waitFor(this.#fd, READABLE, left) === 0) return "late";
      const bytes = this.#receive();
      if (bytes !== undefined && bytes.length > 0) return bytes;
      if (bytes === undefined && left <= 0) return "late";
    }
  }

  write(bytes: Uint8Array, _now: number, deadline: number): boolean {
    this.#isMidWrite = true;
    for (let rest = bytes; ;) {
      const taken = this.#send(rest);
      this.#bytesWritten += taken;
      if (taken === rest.length) break;
      rest = rest.subarray(taken);
      if (!this.#waitWhileFull(deadline)) return false;
    }
    this.#isMidWrite = false;
    return true;
  }

  /** What was written is the system's. */
  drain(): number {
    return 0;
  }

  finish(): void {
    try {
      halfClose(this.#fd);
    } catch (error) {
      throw resetError(error as Error, this.#bytesWritten);
    }
  }

  leave(): void {
    this.finish();
  }

  flush(): void {
    this.#ahead.clear();
    while (this.read(0, false) instanceof Uint8Array) continue;
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#ahead.clear();
    // A clean end might be taken for that of a whole message.
    if (this.#isMidWrite) reset(this.#fd);
    else closeSync(this.#fd);
  }

  /** Waits until more can be written, and reads meanwhile: two ends that both only write would wait for each other. */
  #waitWhileFull(deadline: number): boolean {
    const left = deadline - performance.now();
    if (left <= 0) return false;
    const isReading = this.#state === "open" && !this.#ahead.isFull;
    const ready = this.#calls.waitFor(this.#fd, isReading ? READABLE | WRITABLE : WRITABLE, left);
    if ((ready & READABLE) === 0) return ready !== 0;
    const bytes = this.#receive();
    if (bytes !== undefined && bytes.length > 0) this.#ahead.push(bytes);
    return true;
  }

  /** Bytes, none at the end, `undefined` if nothing is there yet. */
  #receive(): Buffer | undefined {
    try {
      const bytes = this.#calls.receive(this.#fd);
      if (bytes?.length === 0) this.#state = "ended";
      return bytes;
    } catch (error) {
      throw this.#broken(error);
    }
  }

  #send(bytes: Uint8Array): number {
    try {
      return bytes.length === 0 ? 0 : this.#calls.sendSome(this.#fd, bytes);
    } catch (error) {
      throw this.#broken(error);
    }
  }

  #broken(error: unknown): ChannelError {
    this.#fault ??= resetError(error as Error, this.#bytesWritten);
    return this.#fault;
  }

  /** A connection that broke has no end, also where the system only says so once. */
  #end(): "ended" {
    if (this.#fault !== undefined) throw this.#fault;
    return "ended";
  }
}
