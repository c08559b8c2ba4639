import { type TransferredError, unpackError } from "../../comm/error-transfer.ts";
import { helperDied, type HelperThread, LATE } from "../../comm/helper/helper-thread.ts";
import type { DisconnectedError } from "../../errors.ts";
import type { BlockingTransport } from "../../modes/blocking/blocking-transport.ts";
import type { SocketPortion, SocketWriting } from "./blocking-socket-service.ts";
import { ReadAhead } from "./read-ahead.ts";
import { resetError, type SocketLink } from "./socket.ts";

/** How long an answer of the helper is waited for that takes it one turn of its event loop. */
const ANSWER_TIMEOUT_MS = 2000;
/** How long closing is waited for, so that a deadline is kept on a machine that is overloaded; it closes all the same. */
const CLOSE_TIMEOUT_MS = 50;

/**
 * A connected socket in the helper thread, which reads and writes it for this thread: for where this thread cannot use the
 * system's calls itself. There is always one read under way, so that what comes between two calls is noticed.
 */
export class RelayedSocketTransport implements BlockingTransport<SocketLink> {
  readonly link: SocketLink;
  readonly canResynchronise = false;
  readonly #helper: HelperThread;
  readonly #service: number;
  #bytesWritten = 0;
  /** Whether the other end has got a part of what it is to get. */
  #isMidWrite = false;
  #reading: number;
  /** What came in while something was written. */
  readonly #ahead = new ReadAhead();
  #end: "ended" | { readonly fault: DisconnectedError } | undefined;
  #isClosed = false;

  constructor(link: SocketLink, helper: HelperThread, service: number) {
    this.link = link;
    this.#helper = helper;
    this.#service = service;
    this.#reading = this.#begin("read");
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  read(deadline: number, _isMidMessage: boolean, now: number = performance.now()): Buffer | "ended" | "late" {
    this.#checkAlive();
    const ahead = this.#ahead.take();
    if (ahead !== undefined) return ahead;
    // When the helper answers, it has seen everything that had come before.
    if (deadline <= now) this.#helper.invoke(this.#service, "look", [], now + ANSWER_TIMEOUT_MS);
    if (this.#end === undefined) {
      const portion = this.#helper.wait(this.#reading, deadline) as SocketPortion | typeof LATE;
      if (portion === LATE) return "late";
      const bytes = this.#taken(portion);
      if (bytes !== undefined) return bytes;
    }
    if (typeof this.#end === "object") throw this.#end.fault;
    return "ended";
  }

  write(bytes: Uint8Array, now: number, deadline: number): boolean {
    this.#checkAlive();
    this.#isMidWrite = true;
    const leftMs = Math.max(0, deadline - now);
    // A copy, or the whole memory that the bytes are part of would be sent.
    const call = this.#begin("write", [Uint8Array.from(bytes), this.#bytesWritten, leftMs]);
    const answer = this.#waitReading(call, now + leftMs + ANSWER_TIMEOUT_MS);
    if (answer === LATE) return false;
    this.#bytesWritten = answer.bytesWritten;
    if (answer.fault !== undefined) throw this.#broken(answer.fault);
    this.#isMidWrite = !answer.isComplete;
    return answer.isComplete;
  }

  drain(): number {
    return 0;
  }

  finish(): void {
    this.#helper.tell(this.#service, "finish");
  }

  leave(): void {
    this.finish();
  }

  flush(): void {
    this.#ahead.clear();
    while (this.read(0, false) instanceof Uint8Array) continue;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.#helper.invoke(this.#service, "close", [this.#isMidWrite], performance.now() + CLOSE_TIMEOUT_MS);
    } catch {
      // With its thread, everything that the helper owned is released.
    }
  }

  #begin(method: string, values: readonly unknown[] = []): number {
    return this.#helper.begin({ kind: "invoke", service: this.#service, method, values });
  }

  #taken(portion: SocketPortion): Buffer | undefined {
    if (portion instanceof Uint8Array) {
      this.#reading = this.#begin("read");
      return Buffer.from(portion.buffer, portion.byteOffset, portion.length);
    }
    this.#end = portion === "ended" ? portion : { fault: this.#broken(portion.fault) };
    return undefined;
  }

  /** Waits for a call, and reads meanwhile: two ends that both only write would wait for each other. */
  #waitReading(call: number, deadline: number): SocketWriting | typeof LATE {
    for (;;) {
      const isReading = this.#end === undefined && !this.#ahead.isFull;
      const answered = this.#helper.waitAny(isReading ? [call, this.#reading] : [call], deadline);
      if (answered === LATE || answered === call)
        return this.#helper.wait(call, deadline) as SocketWriting | typeof LATE;
      const bytes = this.#taken(this.#helper.wait(this.#reading, deadline) as SocketPortion);
      if (bytes !== undefined) this.#ahead.push(bytes);
    }
  }

  #broken(fault: TransferredError | undefined): DisconnectedError {
    return resetError(fault === undefined ? undefined : unpackError(fault), this.#bytesWritten);
  }

  #checkAlive(): void {
    if (this.#isClosed || !this.#helper.isAlive()) throw helperDied();
  }
}
