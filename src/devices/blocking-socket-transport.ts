import { unpackError, type TransferredError } from "../comm/error-transfer.ts";
import type { HelperPipe } from "../comm/helper-pipe.ts";
import { helperDied, type HelperThread, LATE, SLICE_MS } from "../comm/helper-thread.ts";
import { gather } from "../core/gather.ts";
import type { DisconnectedError } from "../errors.ts";
import type { BlockingTransport } from "../modes/blocking-transport.ts";
import { readDescriptor, writeDescriptor } from "./descriptor.ts";
import { ReadAhead } from "./read-ahead.ts";
import { resetError, type SocketLink } from "./socket.ts";

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

/** What leads to a socket in a helper thread. */
export interface WayToSocket {
  readonly helper: HelperThread;
  readonly resident: number;
  readonly pipe: HelperPipe;
  /** The descriptor, where the owner may write by itself. */
  readonly fd: number | undefined;
}

/** Bytes that the helper was given to write, because the system did not take them at once. */
interface HandedOver {
  readonly call: number;
  readonly length: number;
  /** How many bytes the system had taken of the helper before. */
  readonly before: number;
}

/**
 * A connected socket. This thread reads and writes it by itself as long as that needs no waiting, and looks for a reply
 * for a moment, for a quick peer answers sooner than a helper could be asked; the helper thread, which owns the socket,
 * does the waiting, so that every deadline is kept.
 */
export class BlockingSocketTransport implements BlockingTransport<SocketLink> {
  readonly link: SocketLink;
  readonly canResynchronise = false;
  readonly #helper: HelperThread;
  readonly #resident: number;
  readonly #pipe: HelperPipe;
  readonly #fd: number | undefined;
  readonly #released: () => void;
  #bytesWritten = 0;
  /** How many of these the helper wrote. */
  #bytesHelped = 0;
  #handedOver: HandedOver | undefined;
  readonly #ahead = new ReadAhead();
  #patienceMs = EAGER_MS;
  #lastRead = 0;
  #hasEnded = false;
  #isClosed = false;

  /** @param released called when the helper has done with the pipe. */
  constructor(link: SocketLink, { helper, resident, pipe, fd }: WayToSocket, released: () => void) {
    this.link = link;
    this.#helper = helper;
    this.#resident = resident;
    this.#pipe = pipe;
    this.#fd = fd;
    this.#released = released;
    if (fd === undefined) this.#askHelper();
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  read(deadline: number): Buffer | "ended" | "late" {
    this.#checkAlive();
    const start = performance.now();
    // A look costs nearly as much as a quick exchange.
    const isIdle = this.#ahead.isEmpty && !this.#pipe.isAsked;
    if (isIdle && deadline <= start && start - this.#lastRead < BRISK_MS) return "late";
    const bytes = this.#readAtOnce(Math.min(deadline, start + this.#patienceMs)) ?? this.#readByHelper(deadline);
    if (typeof bytes === "string") return bytes;
    // Without a descriptor, this is the only way to notice what comes between two calls.
    if (this.#fd === undefined) this.#askHelper();
    this.#lastRead = performance.now();
    this.#patienceMs = this.#lastRead - start > SLOW_MS ? SCEPTICAL_MS : EAGER_MS;
    return bytes;
  }

  write(pieces: readonly Uint8Array[], deadline: number): boolean {
    let skipped = this.#handedOver?.length ?? 0;
    // What was handed over last time is the beginning of what is given now.
    if (!this.#helpedBefore(deadline)) return false;
    for (const whole of gather(pieces)) {
      const piece = whole.subarray(skipped);
      skipped -= whole.length - piece.length;
      const written = this.#writeAtOnce(piece);
      this.#bytesWritten += written;
      if (written < piece.length && !this.#handOver(piece.subarray(written), deadline)) return false;
    }
    return true;
  }

  finish(): void {
    this.#helper.tell(this.#resident, "finish");
  }

  leave(): void {
    this.finish();
  }

  flush(): void {
    while (this.#readAtOnce(0) instanceof Uint8Array) continue;
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

  /** Looks for bytes without giving the thread away. */
  #readAtOnce(until: number): Buffer | "ended" | undefined {
    const bytes = this.#ahead.take() ?? this.#pipe.take();
    if (bytes !== undefined || this.#hasEnded) return bytes ?? "ended";
    if (this.#fd === undefined || this.#pipe.isAsked || !this.#pipe.claim()) return undefined;
    try {
      do {
        const read = readDescriptor(this.#fd);
        if (read === undefined) continue;
        this.#hasEnded = read.length === 0;
        return this.#hasEnded ? "ended" : read;
      } while (performance.now() < until);
    } catch (error) {
      throw resetError(error as Error, this.#bytesWritten);
    } finally {
      this.#pipe.release();
    }
    return undefined;
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
      this.#checkAlive();
    }
  }

  #ask(method: string, timeoutMs = ANSWER_TIMEOUT_MS): unknown {
    return this.#helper.invoke(this.#resident, method, [], performance.now() + timeoutMs);
  }

  #writeAtOnce(piece: Uint8Array): number {
    this.#checkAlive();
    // The descriptor is the helper's: once that has closed it, the number may be anybody's.
    if (this.#fd === undefined || !this.#pipe.claim()) return 0;
    let written = 0;
    try {
      while (written < piece.length) {
        const taken = writeDescriptor(this.#fd, piece, written);
        if (taken === 0) break;
        written += taken;
      }
    } catch (error) {
      throw resetError(error as Error, this.#bytesWritten + written);
    } finally {
      this.#pipe.release();
    }
    return written;
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
    if (helped !== LATE) {
      this.#bytesWritten += helped - this.#bytesHelped;
      this.#bytesHelped = helped;
    }
    const left = { call: handedOver.call, length: total - this.#bytesHelped, before: this.#bytesHelped };
    this.#handedOver = answer === LATE ? left : undefined;
    if (answer === LATE || answer === undefined) return answer === undefined;
    throw resetError(unpackError(answer), this.#bytesWritten);
  }

  /** Has the helper read, unless it does so already, or what it has read was not taken yet. */
  #askHelper(): void {
    if (this.#pipe.ask()) this.#helper.tell(this.#resident, "read");
  }

  #broken(): DisconnectedError {
    const fault = this.#ask("fault") as TransferredError | undefined | typeof LATE;
    const cause = fault === undefined || fault === LATE ? undefined : unpackError(fault);
    return resetError(cause, this.#bytesWritten);
  }

  #checkAlive(): void {
    if (this.#isClosed || !this.#helper.isAlive) throw helperDied();
  }
}
