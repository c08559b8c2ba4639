import { unpackError, type TransferredError } from "../comm/error-transfer.ts";
import type { HelperPipe } from "../comm/helper-pipe.ts";
import { helperDied, type HelperThread, LATE, SLICE_MS } from "../comm/helper-thread.ts";
import { gather } from "../core/gather.ts";
import type { DisconnectedError } from "../errors.ts";
import type { BlockingTransport } from "../modes/blocking-transport.ts";
import { writeDescriptor } from "./descriptor.ts";
import { resetError, type SocketLink } from "./socket.ts";

/** How long closing may take; the helper needs a turn of its event loop. */
const CLOSE_TIMEOUT_MS = 2000;

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
 * A connected socket: the helper thread reads it into memory that it shares with this thread, which writes by itself as
 * long as the system takes the bytes at once. So a deadline needs nobody's help, and nobody has to look for bytes.
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
  #isClosed = false;

  /** @param released called when the helper has done with the pipe. */
  constructor(link: SocketLink, { helper, resident, pipe, fd }: WayToSocket, released: () => void) {
    this.link = link;
    this.#helper = helper;
    this.#resident = resident;
    this.#pipe = pipe;
    this.#fd = fd;
    this.#released = released;
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  read(deadline: number): Buffer | "ended" | "late" {
    this.#checkAlive();
    for (;;) {
      const { signal, end } = this.#pipe;
      const bytes = this.#pipe.take();
      if (bytes !== undefined) {
        if (this.#pipe.wantsMore()) this.#helper.tell(this.#resident, "resume");
        return bytes;
      }
      if (end === "ended") return "ended";
      if (end === "broken") throw this.#broken();
      const left = deadline - performance.now();
      if (left <= 0) return "late";
      this.#pipe.wait(signal, Math.min(left, SLICE_MS));
      this.#checkAlive();
    }
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
    while (this.#pipe.take() !== undefined) continue;
    if (this.#pipe.wantsMore()) this.#helper.tell(this.#resident, "resume");
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      const answer = this.#ask("close");
      if (answer !== LATE) this.#released();
    } catch {
      // With its thread, everything that the helper owned is released.
    }
  }

  #ask(method: string): unknown {
    return this.#helper.invoke(this.#resident, method, [], performance.now() + CLOSE_TIMEOUT_MS);
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
    const answer = this.#helper.wait(handedOver.call, deadline) as TransferredError | undefined | typeof LATE;
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

  #broken(): DisconnectedError {
    const fault = this.#ask("fault") as TransferredError | undefined | typeof LATE;
    const cause = fault === undefined || fault === LATE ? undefined : unpackError(fault);
    return resetError(cause, this.#bytesWritten);
  }

  #checkAlive(): void {
    if (this.#isClosed || !this.#helper.isAlive) throw helperDied();
  }
}
