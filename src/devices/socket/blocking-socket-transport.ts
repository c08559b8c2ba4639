import { closeSync } from "node:fs";
import type { ChannelError } from "../../errors.ts";
import type { BlockingTransport } from "../../modes/blocking/blocking-transport.ts";
import { READABLE, WRITABLE } from "../../system/descriptors.ts";
import type { SocketCalls } from "../../system/socket-calls.ts";
import { halfClose, reset } from "../../system/sockets.ts";
import { ReadAhead } from "./read-ahead.ts";
import { resetError, type SocketLink } from "./socket.ts";

/** So soon after everything was read, nothing more is expected. */
const BRISK_MS = 0.1;
/** A read that brings less has emptied the socket. */
const SMALL_READ = 1024;

/**
 * A connected socket whose descriptor belongs to this thread, which reads, writes and waits by itself: no other thread is
 * involved.
 */
export class BlockingSocketTransport implements BlockingTransport<SocketLink> {
  readonly canResynchronise = false;
  readonly #fd: number;
  readonly #calls: SocketCalls;
  readonly #readLink: () => SocketLink;
  #link: SocketLink | undefined;
  #bytesWritten = 0;
  /** What came in while something was written. */
  readonly #ahead = new ReadAhead();
  #state: "open" | "ended" | "closed" = "open";
  /** What broke the connection, found out while there may still be something to be read. */
  #fault: ChannelError | undefined;
  /** When everything that had come was read, if nothing was written since. */
  #emptied = Number.NEGATIVE_INFINITY;
  #isMidWrite = false;

  /**
   * @param fd the descriptor, and what it is used with.
   * @param readLink finds out who is at the ends.
   */
  constructor(fd: number, calls: SocketCalls, readLink: () => SocketLink) {
    this.#fd = fd;
    this.#calls = calls;
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

  /** Whether the other end has got a part of what it is to get. */
  get isMidWrite(): boolean {
    return this.#isMidWrite;
  }

  read(deadline: number, _isMidMessage: boolean, now: number = performance.now()): Buffer | "ended" | "late" {
    const ahead = this.#ahead.take();
    if (ahead !== undefined) return ahead;
    if (this.#state !== "open") return this.#end();
    const left = deadline - now;
    // A look costs nearly as much as a quick exchange, and what comes so soon may as well come a moment later.
    if (left <= 0 && now - this.#emptied < BRISK_MS) return "late";
    const bytes = this.#receive(left);
    if (bytes === undefined) return "late";
    this.#emptied = bytes.length < SMALL_READ ? performance.now() : Number.NEGATIVE_INFINITY;
    return bytes.length > 0 ? bytes : this.#end();
  }

  write(bytes: Uint8Array, _now: number, deadline: number): boolean {
    this.#isMidWrite = true;
    this.#emptied = Number.NEGATIVE_INFINITY;
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
    while (this.#state === "open" && this.#receive(0) !== undefined) continue;
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
    const bytes = this.#receive(0);
    if (bytes !== undefined && bytes.length > 0) this.#ahead.push(bytes);
    return true;
  }

  /** Bytes, none at the end, `undefined` if nothing is there in time. */
  #receive(timeoutMs: number): Buffer | undefined {
    try {
      const calls = this.#calls;
      const bytes = timeoutMs > 0 ? calls.receiveWithin(this.#fd, timeoutMs) : calls.receive(this.#fd);
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
