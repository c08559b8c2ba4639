import { unpackError, type TransferredError } from "../comm/error-transfer.ts";
import type { HelperPipe } from "../comm/helper-pipe.ts";
import { helperDied, type HelperThread, LATE, SLICE_MS } from "../comm/helper-thread.ts";
import { ChannelError, type DisconnectedError } from "../errors.ts";
import type { BlockingTransport } from "../modes/blocking-transport.ts";
import { SocketDescriptor, type WayToSocket } from "./blocking-socket-descriptor.ts";
import { ReadAhead } from "./read-ahead.ts";
import { resetError, type SocketLink } from "./socket.ts";
import { WaitChooser, type WaitMethod } from "./wait-chooser.ts";

/** How long a reply is looked for before the helper thread is asked to wait for it. */
const EAGER_MS = 0.2;
/** The same while the last reply took longer than {@link SLOW_MS}: looking would only burn time. */
const SCEPTICAL_MS = 0.02;
const SLOW_MS = 0.5;
/** What comes in so soon after something else is not looked for before it is waited for. */
const BRISK_MS = 1;
/** How often it is looked for bytes meanwhile: at first, and while there are none. */
const SHORTEST_LOOK_MS = 1;
const LONGEST_LOOK_MS = 16;
/** How long an answer of the helper is waited for that takes it one turn of its event loop. */
const ANSWER_TIMEOUT_MS = 2000;
/** How long closing is waited for, so that a deadline is kept on a machine that is overloaded; it closes all the same. */
const CLOSE_TIMEOUT_MS = 50;

/** How replies are waited for: in the way that turns out to be the quickest, in one way alone, or only by the helper. */
export type SocketWait = "best" | WaitMethod | "helper";

/** Bytes that the helper was given to write, because the system did not take them at once. */
interface HandedOver {
  readonly call: number;
  readonly length: number;
  /** How many bytes the system had taken of the helper before. */
  readonly before: number;
}

/**
 * A connected socket. This thread reads and writes it by itself, and waits for a reply for a moment, by polling or asleep
 * in the system, for a quick peer answers sooner than a helper could be asked; for what takes longer the helper thread
 * waits, which owns the socket, so that every deadline is kept.
 */
export class BlockingSocketTransport implements BlockingTransport<SocketLink> {
  readonly link: SocketLink;
  readonly canResynchronise = false;
  readonly #helper: HelperThread;
  readonly #resident: number;
  readonly #pipe: HelperPipe;
  /** Where this thread may read and write by itself. */
  readonly #descriptor: SocketDescriptor | undefined;
  readonly #chooser: WaitChooser;
  readonly #released: () => void;
  /** How many bytes the helper wrote. */
  #bytesHelped = 0;
  #handedOver: HandedOver | undefined;
  readonly #ahead = new ReadAhead();
  #patienceMs = EAGER_MS;
  #lastRead = 0;
  /** When something was written to which nothing has come yet. */
  #lastWrite: number | undefined;
  #hasEnded = false;
  #isClosed = false;

  /**
   * @param fd the descriptor, where the system has one.
   * @param released called when the helper has done with the pipe.
   */
  constructor(link: SocketLink, way: WayToSocket, fd: number | undefined, wait: SocketWait, released: () => void) {
    this.link = link;
    this.#helper = way.helper;
    this.#resident = way.resident;
    this.#pipe = way.pipe;
    this.#chooser = new WaitChooser(wait === "best" || wait === "helper" ? undefined : wait);
    this.#released = released;
    if (fd === undefined || wait === "helper") this.#askHelper();
    else this.#descriptor = new SocketDescriptor(fd, way, this.#chooser);
  }

  get bytesWritten(): number {
    return (this.#descriptor?.bytesWritten ?? 0) + this.#bytesHelped;
  }

  read(deadline: number, _isMidMessage: boolean, start: number = performance.now()): Buffer | "ended" | "late" {
    this.#checkAlive(start);
    // A look costs nearly as much as a quick exchange.
    const isIdle = this.#ahead.isEmpty && !this.#pipe.isAsked;
    if (start - this.#lastRead >= BRISK_MS) this.#chooser.paused();
    else if (isIdle && deadline <= start) return "late";
    const bytes = this.#readHere(start, deadline) ?? this.#readByHelper(deadline);
    if (typeof bytes === "string") return bytes;
    // Without a descriptor, this is the only way to notice what comes between two calls.
    if (this.#descriptor === undefined) this.#askHelper();
    this.#lastRead = performance.now();
    this.#patienceMs = this.#lastRead - start > SLOW_MS ? SCEPTICAL_MS : EAGER_MS;
    this.#learn();
    return bytes;
  }

  write(bytes: Uint8Array, now: number, deadline: number): boolean {
    this.#checkAlive(now);
    this.#lastWrite = now;
    if (this.#handedOver === undefined) return this.#writeOut(bytes, now, deadline);
    // What was handed over last time is the beginning of what is given now.
    const { length } = this.#handedOver;
    return this.#helpedBefore(deadline) && this.#writeOut(bytes.subarray(length), performance.now(), deadline);
  }

  drain(): number {
    return 0;
  }

  finish(): void {
    this.#helper.tell(this.#resident, "finish");
  }

  leave(): void {
    this.finish();
  }

  flush(): void {
    while (this.#readHere(performance.now(), 0) instanceof Uint8Array) continue;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      const answer = this.#ask("close", CLOSE_TIMEOUT_MS);
      if (answer !== LATE) this.#released();
    } catch {
      // With its thread, everything that the helper owned is released.
    }
  }

  /** Waits for the answer to a call, and reads meanwhile: two ends that both only write would wait for each other. */
  #waitReading(call: number, deadline: number): unknown {
    for (let lookMs = SHORTEST_LOOK_MS; ; lookMs = Math.min(2 * lookMs, LONGEST_LOOK_MS)) {
      const now = performance.now();
      const answer = this.#helper.wait(call, Math.min(deadline, now + lookMs));
      if (answer !== LATE || now >= deadline) return answer;
      const bytes = this.#pipe.take();
      if (bytes !== undefined) {
        this.#ahead.push(bytes);
        lookMs = SHORTEST_LOOK_MS / 2;
      }
      if (!this.#ahead.isFull) this.#askHelper();
    }
  }

  /** Bytes that are there, or that come soon. */
  #readHere(start: number, deadline: number): Buffer | "ended" | "late" | undefined {
    const bytes = this.#ahead.take() ?? this.#pipe.take();
    if (bytes !== undefined || this.#hasEnded) return bytes ?? "ended";
    if (this.#descriptor === undefined || this.#pipe.isAsked) return undefined;
    try {
      const read = this.#descriptor.read(start, Math.min(deadline, start + this.#patienceMs), deadline);
      if (read instanceof Uint8Array && read.length === 0) this.#hasEnded = true;
      return this.#hasEnded ? "ended" : read;
    } catch (error) {
      throw this.#fault(error);
    }
  }

  #readByHelper(deadline: number): Buffer | "ended" | "late" {
    for (;;) {
      const { signal, end } = this.#pipe;
      const bytes = this.#pipe.take();
      if (bytes !== undefined) return bytes;
      if (end === "ended") return "ended";
      if (end === "broken") throw this.#broken();
      const left = deadline - performance.now();
      if (left <= 0) return "late";
      this.#askHelper();
      this.#pipe.wait(signal, Math.min(left, SLICE_MS));
      this.#checkAlive(performance.now());
    }
  }

  #ask(method: string, timeoutMs = ANSWER_TIMEOUT_MS): unknown {
    return this.#helper.invoke(this.#resident, method, [], performance.now() + timeoutMs);
  }

  /** Writes by itself what needs no waiting, and has the helper write the rest; whether that was done in time. */
  #writeOut(bytes: Uint8Array, now: number, deadline: number): boolean {
    let written: number | "late";
    try {
      written = this.#descriptor?.write(bytes, now, deadline) ?? 0;
    } catch (error) {
      throw this.#fault(error);
    }
    if (written === bytes.length) return true;
    return written !== "late" && this.#handOver(bytes.subarray(written), deadline);
  }

  /** Notes how long an exchange took. */
  #learn(): void {
    if (this.#lastWrite === undefined) return;
    this.#chooser.took(this.#lastRead - this.#lastWrite);
    this.#lastWrite = undefined;
  }

  /** Has the helper write; whether that was done before the deadline. */
  #handOver(rest: Uint8Array, deadline: number): boolean {
    // A copy, or the whole memory that the bytes are part of would be sent.
    const values = [Uint8Array.from(rest)];
    const request = { kind: "invoke", resident: this.#resident, method: "write", values } as const;
    this.#handedOver = { call: this.#helper.begin(request), length: rest.length, before: this.#bytesHelped };
    return this.#helpedBefore(deadline);
  }

  /** Waits for the helper to write what it was given. */
  #helpedBefore(deadline: number): boolean {
    const handedOver = this.#handedOver;
    if (handedOver === undefined) return true;
    const answer = this.#waitReading(handedOver.call, deadline) as TransferredError | undefined | typeof LATE;
    const total = handedOver.before + handedOver.length;
    const helped = answer === undefined ? total : (this.#ask("bytesWritten") as number | typeof LATE);
    if (helped !== LATE) this.#bytesHelped = helped;
    const left = { call: handedOver.call, length: total - this.#bytesHelped, before: this.#bytesHelped };
    this.#handedOver = answer === LATE ? left : undefined;
    if (answer === LATE || answer === undefined) return answer === undefined;
    throw resetError(unpackError(answer), this.bytesWritten);
  }

  /** Has the helper read, unless it does so already, or what it has read was not taken yet. */
  #askHelper(): void {
    if (this.#pipe.ask()) this.#helper.tell(this.#resident, "read");
  }

  #broken(): DisconnectedError {
    const fault = this.#ask("fault") as TransferredError | undefined | typeof LATE;
    const cause = fault === undefined || fault === LATE ? undefined : unpackError(fault);
    return resetError(cause, this.bytesWritten);
  }

  #fault(error: unknown): ChannelError {
    if (ChannelError.is(error)) return error;
    // Only a helper that is no more has closed its descriptor without saying so.
    if ((error as NodeJS.ErrnoException).code === "EBADF") {
      this.#helper.end();
      return helperDied();
    }
    return resetError(error as Error, this.bytesWritten);
  }

  #checkAlive(now: number): void {
    if (this.#isClosed || !this.#helper.isAlive(now)) throw helperDied();
  }
}
