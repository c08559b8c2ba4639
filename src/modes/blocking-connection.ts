import type { ChannelLimits } from "../core/channel-settings.ts";
import { gather } from "../core/gather.ts";
import { checkQueue } from "../core/limits.ts";
import { MessageInput } from "../core/message-input.ts";
import { type ChannelError, DisconnectedError, TimeoutError } from "../errors.ts";
import type { BlockingTransport } from "./blocking-transport.ts";

/** How often somebody who waits is asked whether to go on. */
const ASK_INTERVAL_MS = 100;

/** How long to wait for a message, and what to do meanwhile. */
export interface Waiting {
  /** When to give up, on the clock of `performance.now()`. */
  readonly deadline: number;
  /** The error of giving up. */
  readonly late: () => ChannelError;
  /** Asked ten times a second, where given: whether to go on waiting. */
  readonly keepWaiting?: () => boolean;
}

/** One open transport: takes messages out of it and puts messages into it, and blocks the thread meanwhile. */
export class BlockingConnection<Message extends string | Buffer, Link> {
  readonly transport: BlockingTransport<Link>;
  readonly #settings: ChannelLimits;
  readonly #input: MessageInput<Message>;
  #outbox: Uint8Array[] = [];
  #outboxBytes = 0;
  #lastReceived = performance.now();
  /** When the message under way has to be complete. */
  #messageDue = Number.POSITIVE_INFINITY;

  /** @param report hears of the faults that the connection survives; it may throw them. */
  constructor(transport: BlockingTransport<Link>, settings: ChannelLimits, report: (error: ChannelError) => void) {
    this.transport = transport;
    this.#settings = settings;
    this.#input = new MessageInput(settings, transport.canResynchronise, report);
  }

  /** Whether the other end will send no more, and all its messages were taken. */
  get isOver(): boolean {
    return this.#input.isOver;
  }

  /** Whether part of a message was received, or part of one is left to send. */
  get isMidTransfer(): boolean {
    return this.#input.length > 0 || this.#outboxBytes > 0;
  }

  /**
   * Queues a message.
   *
   * @throws FramingError if the framing cannot carry it, BackPressureError if more than `maxQueuedBytes` would be queued.
   */
  queue(payload: Uint8Array): void {
    const encoded = this.#input.framing.encode(payload);
    const pieces = encoded instanceof Uint8Array ? [encoded] : encoded;
    let size = 0;
    for (const piece of pieces) size += piece.length;
    checkQueue(this.#outboxBytes, size, this.#settings.maxQueuedBytes);
    this.#outbox.push(...pieces);
    this.#outboxBytes += size;
  }

  /**
   * Sends what is queued.
   *
   * @throws TimeoutError `ERR_WRITE_TIMEOUT` if the other end takes nothing for `writeTimeoutMs`, or at `deadline`.
   * @throws DisconnectedError if the connection breaks.
   */
  send(deadline: number): void {
    if (this.#outbox.length === 0) return;
    const pieces = gather(this.#outbox);
    this.#outbox = [];
    this.#outboxBytes = 0;
    for (const piece of pieces) this.#write(piece, deadline);
  }

  /** Writes a piece: a slow other end has all the time of the call, as long as it takes anything. */
  #write(piece: Uint8Array, deadline: number): void {
    const { writeTimeoutMs } = this.#settings;
    const start = performance.now();
    for (let rest = piece, now = start; ; now = performance.now()) {
      const { bytesWritten } = this.transport;
      const due = writeTimeoutMs === 0 ? deadline : Math.min(deadline, now + writeTimeoutMs);
      if (this.transport.write(rest, now, due)) return;
      const taken = this.transport.bytesWritten - bytesWritten;
      if (taken === 0 || due === deadline) throw this.#stalled(performance.now() - (taken === 0 ? now : start));
      rest = rest.subarray(taken);
    }
  }

  /**
   * Sends what is queued, and waits until all of it has left: for a serial line, until it is on the wire.
   *
   * @throws TimeoutError `ERR_WRITE_TIMEOUT` if nothing leaves for `writeTimeoutMs`, or at `deadline`.
   * @throws DisconnectedError if the connection breaks.
   */
  drain(deadline: number): void {
    this.send(deadline);
    const { writeTimeoutMs } = this.#settings;
    for (let left = this.transport.drain(0), now = performance.now(); left > 0; now = performance.now()) {
      const due = writeTimeoutMs === 0 ? deadline : Math.min(deadline, now + writeTimeoutMs);
      const rest = this.transport.drain(due);
      if (rest > 0 && (rest >= left || due === deadline)) throw this.#stalled(performance.now() - now);
      left = rest;
    }
  }

  #stalled(waitedMs: number): TimeoutError {
    const text = `the other end did not take what was sent in ${Math.round(waitedMs)} ms`;
    return new TimeoutError("ERR_WRITE_TIMEOUT", text, { bytesWritten: this.transport.bytesWritten });
  }

  /**
   * Waits for a message.
   *
   * @returns the message; `undefined` if the other end has closed its side, or the wait was ended.
   * @throws ChannelError whatever went wrong.
   */
  receive(waiting: Waiting): Message | undefined {
    // Most replies come with the first read: it is not for them to pay for looks at the clock.
    for (let hasRead = false; ; hasRead = true) {
      const message = this.#input.next();
      if (message !== undefined || this.#input.isOver) {
        this.#messageDue = Number.POSITIVE_INFINITY;
        return message;
      }
      if (hasRead) this.#checkTime(waiting);
      const due = Math.min(waiting.deadline, this.#messageDue, this.#nextLook(waiting));
      const bytes = this.transport.read(due, this.#input.length > 0);
      if (bytes === "left") return undefined;
      if (bytes === "ended") this.#ended();
      else if (bytes === "late") this.#lookForSilence();
      else this.#received(bytes);
      if (waiting.keepWaiting?.() === false) return undefined;
    }
  }

  /**
   * A message that is there already, without waiting; also finds out that the other end has closed its side.
   *
   * @param now the time.
   */
  takeWaiting(now: number): Message | undefined {
    for (;;) {
      const message = this.#input.next();
      if (message !== undefined || this.#input.isOver) return message;
      const bytes = this.transport.read(0, false, now);
      if (bytes === "ended") this.#ended();
      else if (bytes instanceof Uint8Array) this.#received(bytes);
      else return undefined;
    }
  }

  /** Drops what was received and not delivered yet. */
  discardInput(): void {
    this.#input.restart();
    this.transport.flush();
  }

  #checkTime({ deadline, late }: Waiting): void {
    const now = performance.now();
    if (now >= deadline) throw late();
    if (now >= this.#messageDue) this.#messageTimedOut(`after ${this.#settings.messageTimeoutMs} ms`);
  }

  #nextLook({ keepWaiting }: Waiting): number {
    const { interByteTimeoutMs } = this.#settings;
    const asked = keepWaiting === undefined ? Number.POSITIVE_INFINITY : ASK_INTERVAL_MS;
    const interval = interByteTimeoutMs === 0 ? asked : Math.min(asked, interByteTimeoutMs);
    return interval === Number.POSITIVE_INFINITY ? interval : performance.now() + interval;
  }

  /** The end may complete a message. A line that breaks off without a byte has not sent an empty one. */
  #ended(): void {
    if (!this.transport.canResynchronise || this.#input.length > 0) return this.#input.end();
    throw new DisconnectedError("ERR_PORT_DISCONNECTED", "the serial line hung up, or the device was unplugged", {
      bytesWritten: this.transport.bytesWritten,
    });
  }

  #lookForSilence(): void {
    const { interByteTimeoutMs } = this.#settings;
    const silence = performance.now() - this.#lastReceived;
    if (interByteTimeoutMs === 0 || silence < interByteTimeoutMs || !this.#input.silent()) return;
    this.#messageTimedOut("before the line was silent", true);
  }

  #received(bytes: Buffer): void {
    const { messageTimeoutMs, interByteTimeoutMs } = this.#settings;
    this.#input.push(bytes);
    if (messageTimeoutMs === 0 && interByteTimeoutMs === 0) return;
    this.#lastReceived = performance.now();
    if (messageTimeoutMs === 0 || this.#messageDue !== Number.POSITIVE_INFINITY) return;
    this.#messageDue = this.#lastReceived + messageTimeoutMs;
  }

  #messageTimedOut(when: string, isSilent = false): void {
    const received = this.#input.length;
    const text = `a message was not complete ${when}; ${received} bytes of it had come`;
    this.#messageDue = Number.POSITIVE_INFINITY;
    this.#input.reject(new TimeoutError("ERR_FRAME_TIMEOUT", text, { received }), isSilent);
  }
}
