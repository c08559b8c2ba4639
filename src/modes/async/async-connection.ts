import type { CheckedSettings } from "../../core/channel-settings.ts";
import { abortReason, closedBy, closedHere, type CloseReason, isAbortOf } from "../../core/close-reason.ts";
import { Deadlines } from "../../core/deadlines.ts";
import { publishState } from "../../core/diagnostics.ts";
import { namePeer, peerName } from "../../core/error-context.ts";
import { QuietGate } from "../../core/exchange/quiet-gate.ts";
import type { ReceiveDeadline } from "../../core/exchange/receive-clock.ts";
import { halfOpenTooLong, idleTooLong, messageTooLong } from "../../core/exchange/receive-errors.ts";
import { MessageReader } from "../../core/messages/message-reader.ts";
import { type ChannelError, StateError } from "../../errors.ts";
import type { ConnectionOwner } from "./async-connection-owner.ts";
import { AsyncDelivery } from "./async-delivery.ts";
import { AsyncOutbox } from "./async-outbox.ts";
import { AsyncReceiveTimer } from "./async-receive-timer.ts";
import type { AsyncTransport, TransportEvents } from "./async-transport.ts";

/** Bytes to be sent that may be collected while messages are being delivered. */
const HIGH_WATER_MARK = 65_536;

/**
 * The life of a connection:
 *
 * | state | meaning | what may follow |
 * | --- | --- | --- |
 * | `open` | both sides send | all |
 * | `finishing` | this side is closed, the other end's is awaited | `closing`, `gone` |
 * | `closing` | this side gave up; the release of the transport is awaited | `closed` |
 * | `gone` | the transport is released; messages that came before are delivered | `closed` |
 * | `closed` | everything is released, and the owner knows | |
 */
type Life =
  | { readonly kind: "open" }
  | { readonly kind: "finishing"; readonly by: "self" | "peer" }
  | { readonly kind: "closing" | "gone" | "closed"; readonly reason: CloseReason };

/** One open transport: takes messages out of it, puts messages into it, and keeps the deadlines. */
export class AsyncConnection<Message extends string | Buffer, Link> implements TransportEvents {
  readonly transport: AsyncTransport<Link>;
  readonly #owner: ConnectionOwner<Message>;
  readonly #settings: CheckedSettings;
  readonly #reader: MessageReader<Message>;
  readonly #delivery: AsyncDelivery<Message>;
  readonly #timer: AsyncReceiveTimer;
  readonly #deadlines = new Deadlines<"write" | "quiet" | "silence">((kind) => this.#passed(kind));
  /** Only where the framing wants a quiet line. */
  readonly #gate: QuietGate | undefined;
  readonly #outbox: AsyncOutbox;
  #life: Life = { kind: "open" };
  /** Made when somebody asks for its signal. */
  #abort: AbortController | undefined;
  /** Who waits for the release. */
  readonly #waiters: (() => void)[] = [];

  constructor(transport: AsyncTransport<Link>, settings: CheckedSettings, owner: ConnectionOwner<Message>) {
    this.transport = transport;
    this.#settings = settings;
    this.#owner = owner;
    const survived = (error: ChannelError): void => owner.survived(this.#named(error));
    this.#reader = new MessageReader(settings, transport.canResynchronise, survived, (count) => owner.dropped(count));
    this.#timer = new AsyncReceiveTimer(settings, (deadline) => this.#expired(deadline));
    this.#gate = QuietGate.for(settings.timing, performance.now());
    this.#outbox = new AsyncOutbox(transport, settings, this.#deadlines, this.#gate);
    this.#delivery = new AsyncDelivery(this.#reader, transport, settings, {
      isReady: () => this.#isReady,
      deliver: (message, size) => this.#deliver(message, size),
      misread: (error) => this.#misread(error),
      hookFailed: (error) => this.#hookFailed(error),
      settled: () => this.#settled(),
    });
    publishState(owner.subject, "opening", "open");
    transport.attach(this);
  }

  /** Bytes that were received and not delivered. */
  get waitingBytes(): number {
    return this.#reader.length;
  }

  /** Whether messages can still be sent. */
  get isOpen(): boolean {
    return this.#life.kind === "open";
  }

  /** Whether the other end will send no more and all its messages were delivered. */
  get isOver(): boolean {
    return this.#reader.isOver;
  }

  /** Aborts when the connection is gone, or given up. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if ("reason" in this.#life) this.#abort.abort(abortReason(this.#life.reason));
    }
    return this.#abort.signal;
  }

  /** The signal, if anybody has asked for it. */
  get lastSignal(): AbortSignal | undefined {
    return this.#abort?.signal;
  }

  /** Whether the other end is gone, while messages that it sent before are being delivered. */
  get isGone(): boolean {
    return this.#life.kind === "gone";
  }

  /** Resolves when everything is released and the owner has been called. */
  get released(): Promise<void> {
    return this.#life.kind === "closed" ? Promise.resolve() : new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Begins to deliver once `prepare` is done. Until then, messages can be sent already. */
  beginAfter(prepare: () => unknown): void {
    this.#delivery.beginAfter(prepare);
  }

  /**
   * Queues a message.
   *
   * @throws FramingError if the framing cannot carry it, StateError if the connection is closing, BackPressureError if
   * more than `maxQueuedBytes` would be queued. Nothing is queued then.
   */
  send(payload: Uint8Array): void {
    const encoded = this.#encode(payload);
    // The other end is gone, and the error of that follows behind the messages that it sent before.
    if (this.#life.kind === "gone") return;
    this.#outbox.add(encoded);
    if (!this.#delivery.isDelivering) this.#outbox.scheduleFlush();
  }

  /**
   * Queues a message as soon as there is room for it.
   *
   * @param added called when that is done, or with the error when the connection closes before.
   * @returns a function that takes the message back, if it is not queued yet.
   * @throws as {@link send}.
   */
  sendWhenRoom(payload: Uint8Array, added: (error?: ChannelError) => void): () => void {
    return this.#outbox.addWhenRoom(this.#encode(payload), added);
  }

  /** Gives what is queued to the transport now. */
  flushOutbox(): void {
    if (this.#life.kind === "open" || this.#life.kind === "finishing") this.#outbox.flush();
    else this.#outbox.clear();
  }

  /**
   * Sends what is queued and closes this side; the connection closes when the other end has closed its side too, or at
   * the half-open deadline.
   *
   * @param isDiscarding whether messages that come in meanwhile are of no interest.
   * @param by whether the other end closed first.
   */
  finish(isDiscarding: boolean, by: "self" | "peer" = closedBy(this.isOver, this.#settings.boundary)): void {
    if (this.#life.kind !== "open") return;
    this.flushOutbox();
    this.#enter({ kind: "finishing", by });
    this.#outbox.refuse(closedHere());
    if (isDiscarding) this.#reader.discard();
    this.#timer.halfOpened("self");
    this.#outbox.finish();
    this.#delivery.run();
  }

  /** Closes this side for writing and goes on reading: the end of a message where half-closing says so. */
  halfClose(): void {
    this.flushOutbox();
    this.#outbox.finish();
  }

  /** Closes at once; the owner's `closed` follows. */
  destroy(error?: ChannelError): void {
    this.destroyFor(error && this.#fault(error), error !== undefined);
  }

  /**
   * Closes at once for a reason.
   *
   * @param isFault whether it lies in the connection, and not in a call: then the bytes that were sent may not be whole.
   */
  destroyFor(reason: CloseReason = this.#ownReason(), isFault = false): void {
    const life = this.#life;
    if (life.kind === "closing" || life.kind === "closed") return;
    if (life.kind === "gone") return this.#close(reason);
    // An end that the other side would take for that of a whole message must not look like one.
    const isBroken = this.#settings.isMessageEndedByClose && (isFault || this.#outbox.queuedBytes > 0);
    this.#stop({ kind: "closing", reason });
    this.transport.destroy(isFault ? reason.error : undefined, isBroken);
  }

  /** Drops what was received and not delivered yet; on sockets whole messages only. */
  async discardInput(): Promise<void> {
    this.#delivery.flush();
    await this.transport.flush();
  }

  /** Resolves when everything queued so far has left. */
  async drain(): Promise<void> {
    if ("reason" in this.#life) throw this.#life.reason.error ?? closedHere();
    this.flushOutbox();
    await this.#outbox.sent();
    await this.transport.drain();
  }

  /** @internal */
  data(bytes: Buffer): void {
    this.#timer.received();
    if (this.#gate?.received(performance.now()) === true) return;
    this.#deadlines.set("silence", this.#settings.timing?.silenceMs ?? 0);
    this.#reader.push(bytes);
    this.#delivery.run();
  }

  /** @internal */
  ended(): void {
    // A line that breaks off without a byte has not sent an empty message.
    if (this.transport.canResynchronise && this.#reader.length === 0) return;
    this.#reader.end();
    this.#timer.halfOpened("peer");
    this.#delivery.run();
  }

  /** @internal */
  drained(): void {
    this.#deadlines.clear("write");
    this.#outbox.admit();
    this.flushOutbox();
    if (this.#outbox.queuedBytes > 0) return;
    this.#owner.drained();
    this.#delivery.run();
  }

  /** @internal */
  closed(error: ChannelError | undefined): void {
    if ("reason" in this.#life) return this.#close(error === undefined ? this.#life.reason : this.#fault(error));
    // A serial line that hangs up between two messages has just ended.
    const isEnd = error?.code === "ERR_PORT_DISCONNECTED" && this.#settings.isHeldWhileSending && !this.#isMidTransfer;
    const by = this.#life.kind === "finishing" ? this.#life.by : "peer";
    this.#stop({ kind: "gone", reason: error === undefined || isEnd ? { by } : this.#fault(error) });
    this.#owner.gone?.();
    this.#timer.halfOpened("peer");
    this.#delivery.run();
  }

  get #isMidTransfer(): boolean {
    return this.#reader.length > 0 || this.#outbox.queuedBytes > 0;
  }

  get #isAlive(): boolean {
    return this.#life.kind === "open" || this.#life.kind === "finishing" || this.#life.kind === "gone";
  }

  get #isReady(): boolean {
    if (!this.#isAlive) return false;
    if (!this.#settings.isHeldWhileSending || this.#life.kind === "gone") return true;
    return this.transport.queuedBytes === 0 && !this.#outbox.isWaiting;
  }

  #ownReason(): CloseReason {
    if (this.#life.kind === "open") return { by: closedBy(this.isOver, this.#settings.boundary) };
    return this.#life.kind === "finishing" ? { by: this.#life.by } : this.#life.reason;
  }

  #fault(error: ChannelError): CloseReason {
    return { by: "fault", error: this.#named(error) };
  }

  #named(error: ChannelError): ChannelError {
    return namePeer(error, peerName(this.transport.link, this.#settings.peer));
  }

  #enter(life: Life): void {
    const from = this.#life.kind;
    this.#life = life;
    publishState(this.#owner.subject, from, life.kind, "reason" in life ? life.reason.error : undefined);
  }

  /** Enters a state in which nothing can be sent any more. */
  #stop(life: Life & { readonly reason: CloseReason }): void {
    this.#deadlines.clearAll();
    if (life.kind === "closing") this.#timer.stop();
    this.#enter(life);
    this.#outbox.stop(life.reason.error ?? closedHere());
    this.#abort?.abort(abortReason(life.reason));
  }

  #close(reason: CloseReason): void {
    if (this.#life.kind === "closed") return;
    this.#timer.stop();
    this.#enter({ kind: "closed", reason });
    this.#owner.closed(reason);
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  #encode(payload: Uint8Array): Uint8Array | readonly Uint8Array[] {
    if (this.#life.kind !== "open" && this.#life.kind !== "gone") {
      const text = "the channel is closed or closing: nothing more can be sent";
      throw new StateError("ERR_CHANNEL_CLOSED", text, { outcome: "not-sent" });
    }
    return this.#reader.framing.encode(payload);
  }

  #deliver(message: Message, size: number): unknown {
    this.#timer.taken();
    const pending = this.#owner.deliver(message, size);
    if (this.#outbox.length >= HIGH_WATER_MARK) this.flushOutbox();
    return pending;
  }

  #misread(error: ChannelError): void {
    // What was answered before the bad bytes still leaves.
    this.flushOutbox();
    this.destroy(error);
  }

  #hookFailed(error: ChannelError): void {
    if (this.#isAlive) return this.destroy(error);
    // The hook was given up when the connection was: that it could not go on is no news.
    const isConsequence = error.code === "ERR_CHANNEL_CLOSED" || isAbortOf(error.cause, this.signal);
    if (!isConsequence) this.#owner.failedLate(this.#named(error));
  }

  #settled(): void {
    this.flushOutbox();
    if (!this.#isAlive) return;
    const isHeld = this.#delivery.isHeld;
    this.#timer.settled(this.#reader.pending, !isHeld && this.transport.queuedBytes === 0);
    if (this.#life.kind === "gone") return this.#closeIfDelivered(this.#life.reason);
    const isEnd = this.#life.kind === "open" && this.#reader.isOver && !isHeld && this.#isReady;
    // A device that cannot half-close closes by itself.
    if (isEnd && !this.transport.canResynchronise) this.#owner.ended();
  }

  /** Nothing waits for a hook that is busy, except messages that came before the end: they come before its error. */
  #closeIfDelivered(reason: CloseReason): void {
    try {
      if (!this.#delivery.hasNext()) this.#close(reason);
    } catch (error) {
      this.#close(reason.error === undefined ? this.#fault(error as ChannelError) : reason);
    }
  }

  #passed(kind: "write" | "quiet" | "silence"): void {
    if (kind !== "write") return kind === "quiet" ? this.flushOutbox() : this.#delivery.silent();
    const error = this.#outbox.stalled();
    if (error !== undefined) this.destroy(error);
  }

  #expired(deadline: ReceiveDeadline): void {
    const { idleTimeoutMs, messageTimeoutMs, halfOpenTimeoutMs } = this.#settings;
    if (deadline === "idle") this.destroy(idleTooLong(idleTimeoutMs));
    else if (deadline === "message") this.#delivery.reject(messageTooLong(messageTimeoutMs, this.#reader.progress));
    else if (deadline === "half-open") this.destroy(this.isOpen ? halfOpenTooLong(halfOpenTimeoutMs) : undefined);
    else this.#delivery.silent();
  }
}
