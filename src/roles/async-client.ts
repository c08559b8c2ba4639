import { callTimeout, framingOf } from "../core/channel-settings.ts";
import type { CloseReason } from "../core/close-reason.ts";
import { type Data, type MessageOf, toBytes } from "../core/data.ts";
import { Deadlines } from "../core/deadlines.ts";
import { withCaller } from "../core/error-context.ts";
import type { FramingClass } from "../core/framing.ts";
import { booleanOption, durationOption } from "../core/options.ts";
import type { ChannelError } from "../errors.ts";
import { AsyncChannel } from "../modes/async.ts";
import type { AsyncCallOptions } from "../modes/async-options.ts";
import { isPromise } from "../core/hooks.ts";
import {
  kAdopt,
  kConnection,
  kFault,
  kIsDoneByDefault,
  kLimits,
  kSurvived,
  kTellClosed,
  kTellConnected,
} from "../core/internals.ts";
import { AsyncOpener } from "../modes/async-opener.ts";
import type { AsyncConnect, AsyncTransport } from "../modes/async-transport.ts";
import type { AsyncClientOptions } from "./async-client-options.ts";
import { ClientCall } from "./client-call.ts";
import { type CallGoal, closedMeanwhile, endedEarly, noReply, notOpenInTime } from "./client-errors.ts";
import { EarlyPayloads } from "./early-payloads.ts";

/**
 * Sends a request and waits for the reply: `clientCommunicate` opens the channel if it is not open, sends, waits, calls
 * `processData`, and returns the last reply. Calls made at the same time are answered one after another, in order.
 *
 * @phrase sends a request and waits for the reply
 * @example
 * import { {{Class}} } from "{{package}}";
 *
 * const client = new {{Class}}({ {{address}} });
 * const reply = await client.clientCommunicate("hello");
 * console.log(reply.toString());
 */
export abstract class AsyncClient<Encoding extends BufferEncoding | undefined, Link> extends AsyncChannel<
  Encoding,
  Link
> {
  static readonly mode = "async";
  static readonly className = "*Client";
  static readonly opens = "connect";
  /** Opens the device of this class. */
  static readonly open: AsyncConnect<never, unknown>;

  /** Whether the channel stays open after an exchange, for the next. */
  readonly keepAlive: boolean;
  readonly #opener: AsyncOpener<Link>;
  readonly #timeoutMs: number;
  /** What ends a message; with `"message"`, one connection can carry several exchanges. */
  readonly #boundary: FramingClass["boundary"];
  readonly #deadlines = new Deadlines<ClientCall<MessageOf<Encoding>>>((call) => this.#expired(call));
  readonly #queue: ClientCall<MessageOf<Encoding>>[] = [];
  #current: ClientCall<MessageOf<Encoding>> | undefined;
  /** Settled when the last attempt to open is over; it never fails. */
  #opening: Promise<void> = Promise.resolve();
  /** What was `start()`ed while nothing could be sent. */
  readonly #early: EarlyPayloads;
  /** Whether something was `start()`ed since the last pass. */
  #hasStarted = false;
  #hasHalfClosed = false;
  #isFinishing = false;
  /** What is to be done when the connection that is closing has closed. */
  #released: (() => void)[] = [];

  /** @param options those of the generated class. Called by generated classes, also those of users. */
  protected constructor(options: AsyncClientOptions<Encoding, never>) {
    const framing = framingOf(new.target);
    super(options, "client", 0, framing);
    this.#boundary = framing.boundary;
    this.#early = new EarlyPayloads(this[kLimits]);
    this.keepAlive = booleanOption("keepAlive", options.keepAlive, false);
    this.#timeoutMs = callTimeout(options);
    this.#opener = new AsyncOpener(new.target.open as AsyncConnect<never, Link>, options);
  }

  /** Whether no exchange is under way. */
  get done(): boolean {
    return this.#current === undefined;
  }

  /**
   * Sends `data` and waits for the reply. Opens the channel if it is not open; closes it afterwards unless `keepAlive` is
   * set.
   *
   * @param data a string is sent as UTF-8.
   * @returns the last reply: the first one, unless `start()` or `queryDone()` prolonged the exchange.
   * @throws ChannelError whose `outcome` says whether the request was sent: OpenError if the channel cannot be opened,
   * DisconnectedError if it breaks, TimeoutError `ERR_REPLY_TIMEOUT`, FramingError for a bad reply, and others. After a
   * failure the channel is closed, so that a late reply never answers the next call.
   * @throws the `reason` of the signal, if it aborts.
   */
  clientCommunicate(data: Data, options?: AsyncCallOptions): Promise<MessageOf<Encoding>> {
    return this.#call("reply", data, undefined, options) as Promise<MessageOf<Encoding>>;
  }

  /**
   * Waits for a message that the predicate accepts, without sending anything: for a server that speaks first. Opens the
   * channel if it is not open. `processData` is called for each message.
   *
   * @returns the message that was accepted.
   * @throws as {@link clientCommunicate}.
   */
  waitFor(predicate: (data: MessageOf<Encoding>) => boolean, options?: AsyncCallOptions): Promise<MessageOf<Encoding>> {
    return this.#call("match", undefined, predicate, options) as Promise<MessageOf<Encoding>>;
  }

  /**
   * Opens the channel. Does nothing if it is open.
   *
   * @throws OpenError `ERR_CONNECT_REFUSED`, `ERR_PORT_NOT_FOUND` and others, if it cannot be opened.
   * @throws the `reason` of the signal, if it aborts.
   */
  connect(options?: AsyncCallOptions): Promise<void> {
    return this.#call("open", undefined, undefined, options).then(() => undefined);
  }

  /** Sends the items one by one, and yields the reply to each. The next item is sent when the next reply is asked for. */
  async *replies(
    items: Iterable<Data> | AsyncIterable<Data>,
    options?: AsyncCallOptions,
  ): AsyncGenerator<MessageOf<Encoding>, void, undefined> {
    for await (const item of items) yield await this.clientCommunicate(item, options);
  }

  start(data: Data): void {
    const payload = toBytes(data);
    if (this[kConnection]?.isOpen && !this.#isSpent) this[kConnection].send(payload);
    else this.#early.add(payload);
    this.#hasStarted = true;
  }

  finish(): void {
    if (this.#current === undefined) this[kConnection]?.finish(true);
    else this.#isFinishing = true;
  }

  override close(): Promise<void> {
    for (const call of this.#queue.splice(0)) this.#settle(call, { error: closedMeanwhile(call.goal) });
    this.#early.takeAll();
    if (this.#current !== undefined) this.#fail(this.#current, closedMeanwhile(this.#current.goal));
    const connection = this[kConnection];
    connection?.destroy();
    return connection?.released ?? this.#opening;
  }

  /** @internal */
  protected get [kIsDoneByDefault](): boolean {
    return !this.#hasStarted;
  }

  /** Whether no further request can be answered on the connection. */
  get #isSpent(): boolean {
    return this.#hasHalfClosed || this[kConnection]?.isOver === true;
  }

  #call(
    goal: CallGoal,
    data: Data | undefined,
    predicate: ((data: MessageOf<Encoding>) => boolean) | undefined,
    options: AsyncCallOptions = {},
  ): Promise<MessageOf<Encoding> | undefined> {
    const work = new Promise<MessageOf<Encoding> | undefined>((resolve, reject) => {
      const { signal } = options;
      signal?.throwIfAborted();
      const payload = data === undefined ? undefined : toBytes(data);
      if (payload !== undefined && this[kConnection] === undefined) this.#early.check(payload);
      const timeoutMs = durationOption("timeoutMs", options.timeoutMs, this.#timeoutMs);
      const call = new ClientCall(goal, payload, predicate, timeoutMs, resolve, reject);
      if (signal !== undefined) call.watch(signal, () => this.#fail(call, signal.reason));
      this.#deadlines.set(call, timeoutMs);
      this.#queue.push(call);
      this.#next();
    });
    return withCaller(work, this[kLimits].peer);
  }

  #next(): void {
    if (this.#current !== undefined) return;
    this.#current = this.#queue.shift();
    if (this.#current !== undefined) this.#begin(this.#current);
  }

  #begin(call: ClientCall<MessageOf<Encoding>>): void {
    if (this[kConnection] === undefined) this.#opening = this.#open();
    else if (this[kConnection].isOpen && !this.#isSpent) this.#send(call);
    else this[kConnection].destroy(); // The call goes on when it has closed.
  }

  async #open(): Promise<void> {
    let transport: AsyncTransport<Link>;
    try {
      transport = await this.#opener.open();
    } catch (error) {
      if (this.#current !== undefined) this.#settle(this.#current, { error });
      return this.#next();
    }
    this.#hasHalfClosed = false;
    const connection = this[kAdopt](transport, {
      deliver: (message) => this.#deliver(message),
      ended: () => connection.destroy(this.#current?.isUnderWay ? endedEarly(this.#current.goal) : undefined),
      survived: (error) => this.#survived(error),
      closed: (reason) => this.#closed(reason),
    });
    connection.beginAfter(() => {
      const pending = this[kTellConnected]();
      return pending === undefined ? this.#connected() : pending.then(() => this.#connected());
    });
  }

  #connected(): void {
    if (this.#current === undefined) this[kConnection]?.destroy();
    else this.#send(this.#current);
  }

  #send(call: ClientCall<MessageOf<Encoding>>): void {
    const connection = this[kConnection];
    if (connection === undefined) return;
    if (call.goal === "open") return this.#settle(call, { isKeptOpen: true });
    call.isUnderWay = true;
    const early = this.#early.takeAll();
    const payloads = call.payload === undefined || call.hasSent ? early : [call.payload, ...early];
    this.#hasStarted = false;
    try {
      for (const payload of payloads) connection.send(payload);
    } catch (error) {
      return this.#settle(call, { error });
    }
    call.hasSent ||= payloads.length > 0;
    if (payloads.length > 0 && this.#boundary === "half-close") {
      this.#hasHalfClosed = true;
      connection.halfClose();
    } else {
      connection.flushOutbox();
    }
  }

  #deliver(message: MessageOf<Encoding>): void | PromiseLike<void> {
    const call = this.#current;
    const pending = this.processData(message);
    if (call === undefined || !call.isUnderWay) return pending;
    call.reply = message;
    return isPromise(pending) ? pending.then(() => this.#afterPass(call)) : this.#afterPass(call);
  }

  #afterPass(call: ClientCall<MessageOf<Encoding>>): void | PromiseLike<void> {
    if (call.isSettled) return;
    if (call.goal === "match") {
      if (call.predicate?.(call.reply as MessageOf<Encoding>)) this.#settle(call, {});
      return;
    }
    const isDone = this.queryDone();
    return isPromise(isDone) ? isDone.then((answer) => this.#endPass(call, answer)) : this.#endPass(call, isDone);
  }

  #endPass(call: ClientCall<MessageOf<Encoding>>, isDone: boolean): void {
    if (call.isSettled) return;
    if (isDone) this.#settle(call, {});
    else if (!this.#early.isEmpty) this[kConnection]?.destroy(); // The exchange goes on over a new connection.
    this.#hasStarted = false;
  }

  /** Ends a call, whatever its state; the channel is closed if the call was under way. */
  #fail(call: ClientCall<MessageOf<Encoding>>, error: unknown): void {
    if (call === this.#current && this.#opener.isOpening) return this.#opener.cancel(error);
    const at = this.#queue.indexOf(call);
    if (at >= 0) this.#queue.splice(at, 1);
    this.#settle(call, { error });
  }

  #expired(call: ClientCall<MessageOf<Encoding>>): void {
    const isOpening = call === this.#current && this.#opener.isOpening;
    this.#fail(call, isOpening ? notOpenInTime(call.timeoutMs) : noReply(call.timeoutMs, call.goal));
  }

  /** A bad reply on a channel that goes on. */
  #survived(error: ChannelError): void {
    if (this.#current?.isUnderWay)
      this.#settle(this.#current, { error, isKeptOpen: this.keepAlive && !this.#isFinishing });
    else this[kSurvived](error);
  }

  /** Ends a call, once; the channel is closed first, unless it stays open. */
  #settle(call: ClientCall<MessageOf<Encoding>>, result: { error?: unknown; isKeptOpen?: boolean }): void {
    if (!call.begin(result)) return;
    this.#deadlines.clear(call);
    if (call !== this.#current) {
      call.complete();
      return;
    }
    const staysOpen =
      result.isKeptOpen === true || (this.keepAlive && !this.#isFinishing && !this.#isSpent && !call.isBroken);
    const connection = this[kConnection];
    const proceed = (): void => {
      this.#current = undefined;
      call.complete();
      if (this.#queue.length === 0 && this[kConnection] === undefined) this.#deadlines.clearAll();
      // Messages that are there already are not replies to the next call.
      queueMicrotask(() => this.#next());
    };
    if (staysOpen || connection === undefined) return proceed();
    this.#isFinishing = false;
    this.#released.push(proceed);
    connection.flushOutbox();
    connection.destroy();
  }

  #closed(reason: CloseReason): void {
    const { error } = reason;
    const released = this.#released;
    this.#released = [];
    const call = this.#current;
    if (call !== undefined && !call.isSettled) this.#lost(call, error);
    else if (error !== undefined && call === undefined) this[kFault](error);
    this[kTellClosed](reason);
    for (const done of released) done();
  }

  /** The connection of a call is gone: the call goes on over a new one if that is what was meant, else it has failed. */
  #lost(call: ClientCall<MessageOf<Encoding>>, error: ChannelError | undefined): void {
    if (error === undefined && (!this.#early.isEmpty || !call.hasSent)) this.#opening = this.#open();
    else this.#settle(call, { error: error ?? endedEarly(call.goal) });
  }
}
