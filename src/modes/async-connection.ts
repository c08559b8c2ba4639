import type { ChannelLimits } from "../core/channel-settings.ts";
import { Deadlines } from "../core/deadlines.ts";
import { namePeer, peerName } from "../core/error-context.ts";
import { hookError, isPromise } from "../core/hooks.ts";
import { MessageReader } from "../core/messages/message-reader.ts";
import { ChannelError, StateError, TimeoutError } from "../errors.ts";
import { AsyncOutbox } from "./async-outbox.ts";
import type { AsyncTransport, TransportEvents } from "./async-transport.ts";

/** Received bytes that may wait while a message is being processed; with more, the other end has to wait too. */
const HIGH_WATER_MARK = 65_536;

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

/**
 * `"finishing"`: this side is closed, the other end's is awaited; `"closing"`: what the other end still sends is of no
 * interest, the release of the transport is awaited.
 */
type State = "open" | "finishing" | "closing" | "closed";

/** One open transport: takes messages out of it, puts messages into it, and keeps the deadlines. */
export class AsyncConnection<Message extends string | Buffer, Link> implements TransportEvents {
  readonly transport: AsyncTransport<Link>;
  readonly #owner: ConnectionOwner<Message>;
  readonly #settings: ChannelLimits;
  readonly #deadlines = new Deadlines<"idle" | "message" | "write" | "half-open">((kind) => this.#expired(kind));
  readonly #input: MessageReader<Message>;
  readonly #outbox: AsyncOutbox;
  #state: State = "open";
  /** Whether the owner is busy with a message, or has not begun yet: the next message has to wait. */
  #isProcessing = true;
  #isDelivering = false;
  #isPaused = false;
  /** Set when the transport has closed; the owner hears of it after the messages that came before. */
  #end: { readonly error: ChannelError | undefined } | undefined;
  readonly #waiters: (() => void)[] = [];

  constructor(transport: AsyncTransport<Link>, settings: ChannelLimits, owner: ConnectionOwner<Message>) {
    this.transport = transport;
    this.#settings = settings;
    this.#owner = owner;
    this.#input = new MessageReader(settings, transport.canResynchronise, (error) => owner.report(this.#named(error)));
    this.#outbox = new AsyncOutbox(transport, settings, this.#deadlines);
    this.#deadlines.set("idle", settings.idleTimeoutMs);
    transport.attach(this);
  }

  /** Whether messages can still be sent. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Whether the other end will send no more and all its messages were delivered. */
  get isOver(): boolean {
    return this.#input.isOver;
  }

  /** Whether the connection ended, or would end now, in the middle of something. */
  get isMidTransfer(): boolean {
    return this.#input.length > 0 || this.#outbox.queuedBytes > 0;
  }

  /** Resolves when everything is released and the owner has been called. */
  get released(): Promise<void> {
    return this.#state === "closed" ? Promise.resolve() : new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Begins to deliver once `prepare` is through. Until then, messages can be sent already. */
  beginAfter(prepare: () => unknown): void {
    try {
      const pending = prepare();
      if (isPromise(pending)) {
        this.#holdFor(pending);
      } else {
        this.#isProcessing = false;
        this.#continue();
      }
    } catch (error) {
      this.destroy(hookError(error));
    }
  }

  /**
   * Queues a message.
   *
   * @throws FramingError if the framing cannot carry it, StateError if the connection is closing, BackPressureError if
   * more than `maxQueuedBytes` would be queued. Nothing is queued then.
   */
  send(payload: Uint8Array): void {
    if (this.#state !== "open") {
      const text = "the channel is closed or closing: nothing more can be sent";
      throw new StateError("ERR_CHANNEL_CLOSED", text, { outcome: "not-sent" });
    }
    this.#outbox.add(this.#input.framing.encode(payload));
    if (!this.#isDelivering) this.#outbox.scheduleFlush();
  }

  /** Gives what is queued to the transport now. */
  flushOutbox(): void {
    if (this.#isAlive && this.#end === undefined) this.#outbox.flush();
    else this.#outbox.clear();
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
    if (isDiscarding) this.#input.discard();
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
    if (!this.#isAlive) return;
    this.#state = "closing";
    this.#deadlines.clearAll();
    if (error !== undefined) this.#named(error);
    if (this.#end === undefined) {
      // An end that the other side would take for that of a whole message must not look like one.
      const isBroken = this.#settings.isEndMeaningful && (error !== undefined || this.#outbox.queuedBytes > 0);
      this.transport.destroy(error, isBroken);
    } else {
      this.#end = { error: error ?? this.#end.error };
      this.#tellClosed();
    }
  }

  /** Drops what was received and not delivered yet. */
  async discardInput(): Promise<void> {
    this.#input.restart();
    this.#deadlines.clear("message");
    await this.transport.flush();
  }

  /** Resolves when everything queued so far has left. */
  async drain(): Promise<void> {
    this.flushOutbox();
    await this.transport.drain();
  }

  /** @internal */
  data(bytes: Buffer): void {
    this.#deadlines.set("idle", this.#settings.idleTimeoutMs);
    this.#input.push(bytes);
    this.#deliverAll();
  }

  /** @internal */
  ended(): void {
    // A line that breaks off without a byte has not sent an empty message.
    if (this.transport.canResynchronise && this.#input.length === 0) return;
    this.#input.end();
    if (this.#state === "open") this.#deadlines.set("half-open", this.#settings.halfOpenTimeoutMs);
    this.#deliverAll();
  }

  /** @internal */
  drained(): void {
    this.#deadlines.clear("write");
    this.#deadlines.set("idle", this.#settings.idleTimeoutMs);
    this.#owner.drained();
    this.#continue();
  }

  /** @internal */
  silent(): void {
    if (this.#input.silent() && !this.#isHeld) this.#messageTimedOut("before the line was silent", true);
  }

  /** @internal */
  closed(error: ChannelError | undefined): void {
    this.#end = { error: error && this.#named(error) };
    this.#deadlines.clearAll();
    // What this side gave up has no messages left to deliver; else those that came before the end come first.
    if (this.#state === "closing") this.#tellClosed();
    else this.#continue();
  }

  #named(error: ChannelError): ChannelError {
    return namePeer(error, peerName(this.transport.link, this.#settings.peer));
  }

  get #isHeld(): boolean {
    if (this.#isProcessing) return true;
    return this.#settings.isReplying && this.#end === undefined && this.transport.queuedBytes > 0;
  }

  get #isAlive(): boolean {
    return this.#state === "open" || this.#state === "finishing";
  }

  /** Goes on after whatever held the messages back. */
  #continue(): void {
    if (this.#isHeld) return;
    if (this.#isPaused) {
      this.#isPaused = false;
      this.transport.resume();
    }
    this.#deliverAll();
    if (this.#end !== undefined && !this.#isHeld && !this.#isDelivering) this.#tellClosed();
  }

  #deliverAll(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    try {
      while (this.#isAlive && !this.#isHeld) {
        const message = this.#input.next();
        if (message === undefined) break;
        this.#deadlines.clear("message");
        this.#deliver(message);
        if (this.#outbox.length >= HIGH_WATER_MARK) this.flushOutbox();
      }
    } catch (error) {
      // What was answered before the bad bytes still leaves.
      this.flushOutbox();
      this.destroy(error as ChannelError);
    }
    this.#isDelivering = false;
    this.flushOutbox();
    if (this.#isAlive) this.#afterDelivery();
  }

  #afterDelivery(): void {
    if (this.#isHeld) {
      if (this.#input.length < HIGH_WATER_MARK || this.#isPaused) return;
      this.#isPaused = true;
      this.transport.pause();
    } else if (this.#input.isOver) {
      // A device that cannot half-close closes by itself.
      if (this.#end === undefined && !this.transport.canResynchronise) this.#owner.ended();
    } else if (this.#input.length > 0 && !this.#deadlines.has("message")) {
      this.#deadlines.set("message", this.#settings.messageTimeoutMs);
    }
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

  #tellClosed(): void {
    if (this.#state === "closed" || this.#end === undefined) return;
    this.#state = "closed";
    this.#deadlines.clearAll();
    this.#owner.closed(this.#end.error);
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  #expired(kind: "idle" | "message" | "write" | "half-open"): void {
    const { idleTimeoutMs, messageTimeoutMs } = this.#settings;
    switch (kind) {
      case "idle":
        if (this.#isHeld || this.transport.queuedBytes > 0) this.#deadlines.set("idle", idleTimeoutMs);
        else this.destroy(new TimeoutError("ERR_IDLE_TIMEOUT", `nothing was received for ${idleTimeoutMs} ms`));
        break;
      case "message":
        if (this.#isHeld) this.#deadlines.set("message", messageTimeoutMs);
        else this.#messageTimedOut(`after ${messageTimeoutMs} ms`);
        break;
      case "write": {
        const error = this.#outbox.stalled();
        if (error !== undefined) this.destroy(error);
        break;
      }
      case "half-open":
        this.destroy(this.#state === "finishing" ? undefined : halfOpenTooLong());
        break;
    }
  }

  #messageTimedOut(when: string, isSilent = false): void {
    const { length } = this.#input;
    const text = `a message was not complete ${when}; ${length} bytes of it had come`;
    try {
      this.#input.reject(new TimeoutError("ERR_FRAME_TIMEOUT", text, { received: length }), isSilent);
    } catch (error) {
      this.destroy(error as ChannelError);
    }
  }
}

function halfOpenTooLong(): TimeoutError {
  const text = "the other end had closed its side, and what it waited for took too long";
  return new TimeoutError("ERR_HALF_OPEN_TIMEOUT", text);
}
