import type { CheckedSettings } from "../../core/channel-settings.ts";
import { closedBy } from "../../core/close-reason.ts";
import { neverQuiet, QuietGate } from "../../core/exchange/quiet-gate.ts";
import { ReceiveClock } from "../../core/exchange/receive-clock.ts";
import { halfOpenTooLong, idleTooLong, messageCutOff, messageTooLong } from "../../core/exchange/receive-errors.ts";
import { gather } from "../../core/bytes/gather.ts";
import { checkQueue } from "../../core/limits.ts";
import { MessageReader } from "../../core/messages/message-reader.ts";
import { type ChannelError, DisconnectedError, TimeoutError } from "../../errors.ts";
import type { BlockingTransport } from "./blocking-transport.ts";

/** How often somebody who waits is asked whether to continue. */
const ASK_INTERVAL_MS = 100;
/** How much of what came without being asked for is read before a request is sent: a flood must not hold it back. */
const MOST_UNASKED_BYTES = 1024 * 1024;
const NEVER = Number.POSITIVE_INFINITY;

/** When a wait ends, on the clock of `performance.now()`, and with which error. */
export interface WaitLimit {
  readonly deadline: number;
  readonly late: () => ChannelError;
}

/** How long to wait for a message, besides the limits of the channel, and what to do meanwhile. */
export interface Waiting {
  readonly limit?: WaitLimit;
  /** Asked ten times a second, where given: whether to continue waiting. */
  readonly keepWaiting?: () => boolean;
}

/** One open transport: takes messages out of it and puts messages into it, and blocks the thread meanwhile. */
export class BlockingConnection<Message extends string | Buffer, Link> {
  readonly transport: BlockingTransport<Link>;
  readonly #settings: CheckedSettings;
  readonly #input: MessageReader<Message>;
  /** Kept only where there are limits: looking at the time costs more than a quick reply should pay. */
  readonly #clock: ReceiveClock | undefined;
  /** Only where the framing wants a quiet line. */
  readonly #gate: QuietGate | undefined;
  #outbox: Uint8Array[] = [];
  #outboxBytes = 0;

  /**
   * @param report is called with the faults that the connection survives; it may throw them.
   * @param dropped is called with how many bytes between two messages belonged to neither, where the framing counts them.
   */
  constructor(
    transport: BlockingTransport<Link>,
    settings: CheckedSettings,
    report: (error: ChannelError) => void,
    dropped?: (count: number) => void,
  ) {
    this.transport = transport;
    this.#settings = settings;
    this.#input = new MessageReader(settings, transport.canResynchronise, report, dropped);
    this.#gate = QuietGate.for(settings.timing, performance.now());
    const clock = new ReceiveClock(settings, performance.now());
    if (!clock.hasLimits) return;
    clock.pause(performance.now());
    this.#clock = clock;
  }

  /** Whether the other end will send no more, and all its messages were taken. */
  get isOver(): boolean {
    return this.#input.isOver;
  }

  /** Who closes the connection, if this side closes it now without a fault. */
  get endedBy(): "self" | "peer" {
    return closedBy(this.isOver, this.#settings.boundary);
  }

  /** Whether part of a message was received, or part of one is left to send. */
  get isMidTransfer(): boolean {
    return this.#input.length > 0 || this.#outboxBytes > 0;
  }

  /** Bytes that wait to be sent. */
  get queuedBytes(): number {
    return this.#outboxBytes;
  }

  /**
   * Queues a message.
   *
   * @throws FramingError if the framing cannot carry it, BackPressureError if more than `maxQueuedBytes` would be queued.
   */
  queue(payload: Uint8Array): void {
    const made = this.#input.framing.encode(payload);
    const encoded = made instanceof Uint8Array ? [made] : made;
    let size = 0;
    for (const piece of encoded) size += piece.length;
    checkQueue(this.#outboxBytes, size, this.#settings.maxQueuedBytes);
    this.#outbox.push(...encoded);
    this.#outboxBytes += size;
  }

  /**
   * Sends what is queued.
   *
   * @throws TimeoutError `ERR_WRITE_TIMEOUT` if the other end takes nothing for `writeTimeoutMs`, or at `deadline`;
   * `ERR_HALF_OPEN_TIMEOUT` if it closed its side too long ago.
   * @throws DisconnectedError if the connection breaks.
   */
  send(deadline: number): void {
    if (this.#outbox.length === 0) return;
    if (this.#gate !== undefined) return this.#sendWhenQuiet(this.#gate, deadline);
    const pieces = gather(this.#outbox);
    this.#outbox = [];
    this.#outboxBytes = 0;
    for (const piece of pieces) this.#write(piece, deadline);
  }

  /**
   * Sends of what is queued as much as the system takes at once, and keeps the rest.
   *
   * @throws DisconnectedError if the connection breaks.
   */
  sendAtOnce(): void {
    // What needs a quiet line waits for a call, which can wait.
    if (this.#gate !== undefined) return;
    const pieces = [...gather(this.#outbox)];
    this.#outbox = [];
    for (const [index, piece] of pieces.entries()) {
      const { bytesWritten } = this.transport;
      const isWhole = this.transport.write(piece, performance.now(), 0);
      const taken = isWhole ? piece.length : this.transport.bytesWritten - bytesWritten;
      this.#outboxBytes -= taken;
      if (isWhole) continue;
      this.#outbox = [piece.subarray(taken), ...pieces.slice(index + 1)];
      return;
    }
  }

  /** Sends message by message, each when the line was quiet for long enough. */
  #sendWhenQuiet(gate: QuietGate, deadline: number): void {
    for (let piece = this.#outbox[0]; piece !== undefined; piece = this.#outbox[0]) {
      this.#waitForQuiet(gate, deadline);
      this.#outbox.shift();
      this.#outboxBytes -= piece.length;
      this.#write(piece, deadline);
      this.#drainTransport(deadline);
      gate.sent(performance.now());
    }
  }

  /** Reads until nothing has come for as long as the framing wants before a message is sent. */
  #waitForQuiet(gate: QuietGate, deadline: number): void {
    gate.observe(performance.now());
    this.#readOnce(performance.now());
    for (let now = performance.now(); !gate.maySend(now); now = performance.now()) {
      if (now >= deadline) throw neverQuiet(this.transport.bytesWritten);
      const bytes = this.transport.read(Math.min(deadline, gate.sendDue), this.#input.length > 0);
      if (bytes === "ended") return this.#ended();
      if (bytes instanceof Uint8Array) this.#received(bytes);
    }
    // What came before is complete: the same silence ends a message.
    if (this.#settings.timing?.silenceMs !== undefined && this.#input.length > 0) this.#input.silent();
  }

  /** Writes a piece: a slow other end has all the time of the call, as long as it takes anything. */
  #write(piece: Uint8Array, deadline: number): void {
    const { writeTimeoutMs } = this.#settings;
    const start = performance.now();
    this.#checkHalfOpen(start);
    const halfOpenDue = this.#clock?.due ?? NEVER;
    for (let rest = piece, now = start; ; now = performance.now()) {
      const { bytesWritten } = this.transport;
      const due = Math.min(deadline, halfOpenDue, writeTimeoutMs === 0 ? NEVER : now + writeTimeoutMs);
      if (this.transport.write(rest, now, due)) return;
      const taken = this.transport.bytesWritten - bytesWritten;
      this.#checkHalfOpen(performance.now());
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
    this.#drainTransport(deadline);
  }

  #drainTransport(deadline: number): void {
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
    this.#clock?.resume(performance.now());
    this.#gate?.observe(performance.now());
    // Most replies come with the first read: they should not pay for looks at the clock.
    let lookedAt = 0;
    for (let hasRead = this.#clock !== undefined; ; hasRead = true) {
      const message = this.#input.next();
      if (message !== undefined || this.#input.isOver) return this.#handOver(message);
      this.#clock?.settled(this.#input.pending);
      if (hasRead && this.#checkTime(waiting, lookedAt) === "look again") continue;
      const due = Math.min(waiting.limit?.deadline ?? NEVER, this.#clock?.due ?? NEVER, nextAsk(waiting));
      const bytes = this.transport.read(due, this.#input.length > 0);
      if (bytes === "left") return undefined;
      // A transport that has waited until a moment is believed, whatever its clock.
      lookedAt = bytes === "late" ? due : 0;
      if (bytes === "ended") this.#ended();
      else if (bytes instanceof Uint8Array) this.#received(bytes);
      if (waiting.keepWaiting?.() === false) return undefined;
    }
  }

  /** A message that was read already, without waiting or reading. */
  takeRead(): Message | undefined {
    return this.#input.next();
  }

  /**
   * Reads what is there already, without waiting; also finds out that the other end has closed its side.
   *
   * @param now the time.
   * @throws DisconnectedError if the connection is broken.
   */
  readWaiting(now: number): void {
    for (let size = 0; size < MOST_UNASKED_BYTES;) {
      const length = this.#readOnce(now);
      if (length === 0) return;
      size += length;
    }
  }

  /** A message that is there already, without waiting, in any number of reads. */
  takeWaiting(now: number): Message | undefined {
    for (;;) {
      const message = this.#input.next();
      if (message !== undefined || this.#input.isOver || this.#readOnce(now) === 0)
        return message ?? this.#input.next();
    }
  }

  /** Reads once without waiting; how many bytes were there. */
  #readOnce(now: number): number {
    const bytes = this.transport.read(0, false, now);
    if (bytes === "ended") this.#ended();
    if (!(bytes instanceof Uint8Array)) return 0;
    this.#received(bytes);
    return bytes.length;
  }

  /**
   * Drops what comes in until nothing has come for `quietMs`, or until `deadline`.
   *
   * @throws DisconnectedError if the connection breaks.
   */
  dropUntilQuiet(quietMs: number, deadline: number): void {
    this.discardInput();
    for (;;) {
      const due = Math.min(deadline, performance.now() + quietMs);
      const bytes = this.transport.read(due, false);
      if (bytes === "ended") return this.#ended();
      if (!(bytes instanceof Uint8Array) || performance.now() >= deadline) return;
    }
  }

  /** Drops what was received and not delivered yet; on sockets whole messages only. */
  discardInput(): void {
    if (!this.transport.canResynchronise) this.readWaiting(performance.now());
    this.#input.flush();
    this.#clock?.settled(this.#input.pending);
    if (this.transport.canResynchronise) this.transport.flush();
  }

  #handOver(message: Message | undefined): Message | undefined {
    if (message !== undefined) this.#clock?.taken();
    this.#clock?.pause(performance.now());
    return message;
  }

  /** @returns whether silence may have completed a message. */
  #checkTime({ limit }: Waiting, lookedAt: number): "look again" | undefined {
    const now = Math.max(performance.now(), lookedAt);
    const { silenceMs = 0 } = this.#settings.timing ?? {};
    for (let passed = this.#clock?.expired(now); passed !== undefined; passed = this.#clock?.expired(now)) {
      if (passed === "idle") throw idleTooLong(this.#settings.idleTimeoutMs);
      else if (passed === "message") this.#rejectMessage("message");
      else if (passed === "silence") {
        this.#rejectMessage("silence");
        if (silenceMs > 0) return "look again";
      } else throw halfOpenTooLong(this.#settings.halfOpenTimeoutMs);
    }
    if (limit !== undefined && now >= limit.deadline) throw limit.late();
    return undefined;
  }

  #rejectMessage(because: "message" | "silence"): void {
    const { messageTimeoutMs, interByteTimeoutMs } = this.#settings;
    const { progress } = this.#input;
    const isSilent = because === "silence";
    if (isSilent && !this.#input.silent()) return this.#clock?.settled(this.#input.pending);
    const error = isSilent ? messageCutOff(interByteTimeoutMs, progress) : messageTooLong(messageTimeoutMs, progress);
    this.#input.reject(error, isSilent);
    this.#clock?.settled(this.#input.pending);
  }

  #checkHalfOpen(now: number): void {
    const { halfOpenTimeoutMs } = this.#settings;
    if (this.#clock !== undefined && now >= this.#clock.due) throw halfOpenTooLong(halfOpenTimeoutMs);
  }

  /** The end may complete a message. A line that breaks off without a byte has not sent an empty one. */
  #ended(): void {
    if (!this.transport.canResynchronise || this.#input.length > 0) {
      this.#input.end();
      this.#clock?.halfOpened("peer", performance.now());
      return;
    }
    throw new DisconnectedError("ERR_PORT_DISCONNECTED", "the serial line hung up, or the device was unplugged", {
      bytesWritten: this.transport.bytesWritten,
    });
  }

  #received(bytes: Buffer): void {
    if (this.#gate?.received(performance.now()) === true) return;
    this.#input.push(bytes);
    this.#clock?.received(performance.now());
  }
}

function nextAsk({ keepWaiting }: Waiting): number {
  return keepWaiting === undefined ? NEVER : performance.now() + ASK_INTERVAL_MS;
}
