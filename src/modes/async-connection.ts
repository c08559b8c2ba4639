import { Deadlines } from "../core/deadlines.ts";
import type { Framing } from "../core/framing.ts";
import { gather } from "../core/gather.ts";
import { MessageReader } from "../core/message-reader.ts";
import { BackPressureError, ChannelError, FramingError, HookError, StateError, TimeoutError } from "../errors.ts";
import type { AsyncTransport, TransportEvents } from "./async-transport.ts";

/** Received bytes that may wait while a message is being processed; with more, the other end has to wait too. */
const HIGH_WATER_MARK = 65_536;

/** What a connection needs to know. Durations are in milliseconds, 0 means no limit. */
export interface ConnectionSettings {
  /** Makes the codec of this connection; called again when the connection starts afresh after bad bytes. */
  readonly makeFraming: () => Framing;
  readonly encoding: BufferEncoding | undefined;
  readonly maxQueuedBytes: number;
  readonly writeTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly messageTimeoutMs: number;
  readonly halfOpenTimeoutMs: number;
  /** Whether no message is delivered while earlier answers wait to be sent. */
  readonly isReplying: boolean;
  /** Whether bad bytes are dropped until the line is silent. */
  readonly isSilenceTold: boolean;
}

/** The channel above a connection. */
export interface ConnectionOwner<Message> {
  /** A complete message. The next one waits for a promise that is returned. */
  deliver(message: Message): unknown;
  /** All messages were delivered and the other end, which will send no more, waits for this side to close. */
  ended(): void;
  /** All that was queued has been given to the system. */
  drained(): void;
  /** A fault that the connection survives. */
  report(error: ChannelError): void;
  /** Everything is released; the last call. */
  closed(error: ChannelError | undefined): void;
}

type State = "open" | "finishing" | "closing" | "closed";

/** One open transport: takes messages out of it, puts messages into it, and keeps the deadlines. */
export class AsyncConnection<Message extends string | Buffer, Link> implements TransportEvents {
  readonly transport: AsyncTransport<Link>;
  readonly #owner: ConnectionOwner<Message>;
  readonly #settings: ConnectionSettings;
  readonly #deadlines = new Deadlines<"idle" | "message" | "write" | "half-open">((kind) => this.#expired(kind));
  #reader: MessageReader<Message>;
  #framing: Framing;
  #state: State = "open";
  /** Whether the owner is busy with a message, or has not begun yet: the next message has to wait. */
  #isProcessing = true;
  #isDelivering = false;
  #isWriteBlocked = false;
  #isPaused = false;
  /** Whether what comes in is of no interest any more: `"until-silent"`, only until the line has been silent. */
  #isDiscarding: "no" | "until-silent" | "always" = "no";
  #outbox: Uint8Array[] = [];
  #outboxBytes = 0;
  #isFlushScheduled = false;
  /** How much had been written when the write deadline was set. */
  #progress = 0;
  /** Set when the transport has closed; the owner hears of it after the messages that came before. */
  #end: { readonly error: ChannelError | undefined } | undefined;

  constructor(transport: AsyncTransport<Link>, settings: ConnectionSettings, owner: ConnectionOwner<Message>) {
    this.transport = transport;
    this.#settings = settings;
    this.#owner = owner;
    this.#framing = settings.makeFraming();
    this.#reader = new MessageReader(this.#framing, settings.encoding);
    this.#deadlines.set("idle", settings.idleTimeoutMs);
    transport.attach(this);
  }

  /** Whether messages can still be sent. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Whether the other end will send no more and all its messages were delivered. */
  get isOver(): boolean {
    return this.#reader.isOver;
  }

  /** Whether the connection ended, or would end now, in the middle of something. */
  get isMidTransfer(): boolean {
    return this.#reader.length > 0 || this.#outboxBytes + this.transport.queuedBytes > 0;
  }

  /** Begins to deliver once `prepare` is through. Until then, messages can be sent already. */
  beginAfter(prepare: () => unknown): void {
    try {
      const pending = prepare();
      if (isPromise(pending)) return this.#holdFor(pending);
    } catch (error) {
      return this.destroy(hookError(error));
    }
    this.#isProcessing = false;
    this.#continue();
  }

  /**
   * Queues a message.
   *
   * @throws FramingError if the framing cannot carry it, StateError if the connection is closing, BackPressureError if
   * more than `maxQueuedBytes` would be queued. Nothing is queued then.
   */
  send(payload: Uint8Array): void {
    if (this.#state !== "open") {
      throw new StateError("ERR_CHANNEL_CLOSED", "the channel is closed or closing: nothing more can be sent", {
        outcome: "not-sent",
      });
    }
    const encoded = this.#framing.encode(payload);
    const pieces = encoded instanceof Uint8Array ? [encoded] : encoded;
    let size = 0;
    for (const piece of pieces) size += piece.length;
    checkQueue(this.#outboxBytes + this.transport.queuedBytes, size, this.#settings.maxQueuedBytes);
    this.#outbox.push(...pieces);
    this.#outboxBytes += size;
    if (!this.#isFlushScheduled && !this.#isDelivering) {
      // What is started in one go leaves in one write.
      this.#isFlushScheduled = true;
      queueMicrotask(() => this.flushOutbox());
    }
  }

  /** Gives what is queued to the transport now. */
  flushOutbox(): void {
    this.#isFlushScheduled = false;
    if (this.#outbox.length === 0) return;
    const pieces = this.#outbox;
    this.#outbox = [];
    this.#outboxBytes = 0;
    if (!this.#isAlive || this.#end !== undefined) return;
    this.transport.write(gather(pieces));
    if (this.transport.queuedBytes > 0 && !this.#deadlines.has("write")) {
      this.#isWriteBlocked = true;
      this.#progress = this.transport.bytesWritten;
      this.#deadlines.set("write", this.#settings.writeTimeoutMs);
    }
  }

  /**
   * Sends what is queued and closes this side; the connection closes when the other end has closed its side too, or at
   * the half-open deadline.
   *
   * @param isDiscarding whether messages that come in meanwhile are of no interest.
   */
  finish(isDiscarding: boolean): void {
    if (this.#state !== "open") return;
    this.flushOutbox();
    this.#state = "finishing";
    if (isDiscarding) {
      this.#isDiscarding = "always";
      this.#reader.clear();
    }
    this.#deadlines.set("half-open", this.#settings.halfOpenTimeoutMs);
    if (this.#end === undefined) this.transport.finish();
    this.#continue();
  }

  /** Closes this side for writing and goes on reading: the end of a message where half-closing says so. */
  halfClose(): void {
    this.flushOutbox();
    this.transport.finish();
  }

  /** Closes at once; the owner's `closed` follows. */
  destroy(error?: ChannelError): void {
    if (this.#state === "closing" || this.#state === "closed") return;
    this.#state = "closing";
    this.#deadlines.clearAll();
    if (this.#end === undefined) {
      this.transport.destroy(error);
    } else {
      this.#end = { error: error ?? this.#end.error };
      this.#tellClosed();
    }
  }

  /** Drops what was received and not delivered yet. */
  async discardInput(): Promise<void> {
    this.#restartReader();
    await this.transport.flush();
  }

  /** Resolves when everything queued so far has left. */
  async drain(): Promise<void> {
    this.flushOutbox();
    await this.transport.drain();
  }

  /** @internal */
  data(bytes: Buffer): void {
    if (this.#isDiscarding !== "no") return;
    this.#deadlines.set("idle", this.#settings.idleTimeoutMs);
    this.#reader.push(bytes);
    this.#deliverAll();
  }

  /** @internal */
  ended(): void {
    // A line that breaks off without a byte has not sent an empty message.
    if (this.transport.canResynchronise && this.#reader.length === 0) return;
    this.#reader.end();
    if (this.#state === "open") this.#deadlines.set("half-open", this.#settings.halfOpenTimeoutMs);
    this.#deliverAll();
  }

  /** @internal */
  drained(): void {
    this.#isWriteBlocked = false;
    this.#deadlines.clear("write");
    this.#deadlines.set("idle", this.#settings.idleTimeoutMs);
    this.#owner.drained();
    this.#continue();
  }

  /** @internal */
  silent(): void {
    if (this.#isDiscarding === "until-silent") this.#isDiscarding = "no";
    else if (this.#isDiscarding === "no" && this.#reader.length > 0 && !this.#isHeld) this.#messageTimedOut("silence");
  }

  /** @internal */
  closed(error: ChannelError | undefined): void {
    this.#end = { error };
    this.#deadlines.clearAll();
    // What this side gave up has no messages left to deliver.
    if (this.#state === "closing") this.#reader.clear();
    else if (!this.#isHeld) this.#deliverAll();
    if (!this.#isHeld || this.#state === "closing") this.#tellClosed();
  }

  get #isHeld(): boolean {
    return this.#isProcessing || (this.#isWriteBlocked && this.#settings.isReplying && this.#end === undefined);
  }

  /** Goes on after whatever held the messages back. */
  #continue(): void {
    if (this.#isHeld) return;
    if (this.#isPaused) {
      this.#isPaused = false;
      this.transport.resume();
    }
    this.#deliverAll();
    if (this.#end !== undefined && !this.#isHeld) this.#tellClosed();
  }

  #deliverAll(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    let hasDelivered = false;
    while (!this.#isHeld && this.#isDiscarding === "no" && this.#isAlive) {
      const message = this.#nextMessage();
      if (message === undefined) break;
      hasDelivered = true;
      this.#deliver(message);
      if (this.#outbox.length > 0 && this.#outboxBytes >= HIGH_WATER_MARK) this.flushOutbox();
    }
    this.#isDelivering = false;
    this.flushOutbox();
    if (hasDelivered) this.#deadlines.clear("message");
    this.#afterDelivery();
  }

  #afterDelivery(): void {
    if (!this.#isAlive) return;
    if (this.#isHeld) {
      if (this.#reader.length >= HIGH_WATER_MARK && !this.#isPaused) {
        this.#isPaused = true;
        this.transport.pause();
      }
    } else if (this.#reader.isOver) {
      // A device that cannot half-close closes by itself.
      if (this.#end === undefined && !this.transport.canResynchronise) this.#owner.ended();
    } else if (this.#reader.length > 0 && !this.#deadlines.has("message")) {
      this.#deadlines.set("message", this.#settings.messageTimeoutMs);
    }
  }

  get #isAlive(): boolean {
    return this.#state === "open" || this.#state === "finishing";
  }

  #deliver(message: Message): void {
    try {
      const pending = this.#owner.deliver(message);
      if (isPromise(pending)) this.#holdFor(pending);
    } catch (error) {
      this.destroy(hookError(error));
    }
  }

  #holdFor(pending: PromiseLike<unknown>): void {
    this.#isProcessing = true;
    pending.then(
      () => {
        this.#isProcessing = false;
        this.flushOutbox();
        this.#continue();
      },
      (error: unknown) => {
        this.#isProcessing = false;
        this.destroy(hookError(error));
      },
    );
  }

  #nextMessage(): Message | undefined {
    for (;;) {
      const before = this.#reader.length;
      try {
        return this.#reader.next();
      } catch (thrown) {
        const error = framingError(thrown);
        if (error.isRecoverable && this.#reader.length < before) this.#owner.report(error);
        else return this.#badBytes(error);
      }
    }
  }

  /** Bad bytes end a socket's connection; a line starts afresh behind them. */
  #badBytes(error: ChannelError): undefined {
    if (!this.transport.canResynchronise || this.#end !== undefined) {
      this.#isDiscarding = "always";
      this.destroy(error);
      return;
    }
    this.#restartReader();
    if (this.#settings.isSilenceTold) this.#isDiscarding = "until-silent";
    this.#owner.report(error);
  }

  #restartReader(): void {
    this.#framing = this.#settings.makeFraming();
    this.#reader = new MessageReader(this.#framing, this.#settings.encoding);
    this.#deadlines.clear("message");
  }

  #tellClosed(): void {
    if (this.#state === "closed" || this.#end === undefined) return;
    this.#state = "closed";
    this.#deadlines.clearAll();
    this.#owner.closed(this.#end.error);
  }

  #expired(kind: "idle" | "message" | "write" | "half-open"): void {
    const settings = this.#settings;
    switch (kind) {
      case "idle":
        if (this.#isHeld || this.transport.queuedBytes > 0) this.#deadlines.set("idle", settings.idleTimeoutMs);
        else this.destroy(timeout("ERR_IDLE_TIMEOUT", `nothing was received for ${settings.idleTimeoutMs} ms`));
        break;
      case "message":
        if (this.#isHeld) this.#deadlines.set("message", settings.messageTimeoutMs);
        else this.#messageTimedOut(`${settings.messageTimeoutMs} ms`);
        break;
      case "write":
        this.#writeExpired();
        break;
      case "half-open":
        if (this.#state === "finishing") this.destroy();
        else this.destroy(timeout("ERR_HALF_OPEN_TIMEOUT", "the other end had closed its side, and the answer took too long"));
        break;
    }
  }

  #writeExpired(): void {
    const { queuedBytes, bytesWritten } = this.transport;
    if (queuedBytes === 0) return;
    if (bytesWritten !== this.#progress) {
      this.#progress = bytesWritten;
      this.#deadlines.set("write", this.#settings.writeTimeoutMs);
      return;
    }
    const text = `the other end took no byte for ${this.#settings.writeTimeoutMs} ms; ${queuedBytes} bytes were left to send`;
    this.destroy(timeout("ERR_WRITE_TIMEOUT", text, bytesWritten));
  }

  #messageTimedOut(after: string): void {
    const text = `a message was not complete after ${after}; ${this.#reader.length} bytes of it had come`;
    this.#badBytes(timeout("ERR_FRAME_TIMEOUT", text));
  }
}

/**
 * @throws BackPressureError if `size` more bytes would be more than `maxQueuedBytes`.
 */
export function checkQueue(queued: number, size: number, maxQueuedBytes: number): void {
  if (queued + size <= maxQueuedBytes) return;
  const text = `${size} bytes on top of the ${queued} queued are over maxQueuedBytes, ${maxQueuedBytes}; wait for "drain"`;
  throw new BackPressureError("ERR_BACKPRESSURE", text, { outcome: "not-sent" });
}

/** Whether a hook returned something to wait for. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

/** What a hook threw, as an error of the channel. */
export function hookError(thrown: unknown): ChannelError {
  if (ChannelError.is(thrown)) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new HookError("ERR_HOOK_FAILED", `a hook failed: ${text}`, { cause: thrown });
}

function framingError(thrown: unknown): ChannelError {
  if (ChannelError.is(thrown)) return thrown;
  return new FramingError("ERR_FRAME_INVALID", "the framing failed to decode what was received", { cause: thrown });
}

function timeout(code: TimeoutError["code"], message: string, bytesWritten?: number): TimeoutError {
  return new TimeoutError(code, message, bytesWritten === undefined ? {} : { bytesWritten });
}
