import { framingOf } from "../../core/channel-settings.ts";
import type { CloseReason } from "../../core/close-reason.ts";
import { type Data, type MessageOf, toBytes } from "../../core/data.ts";
import { withCaller } from "../../core/error-context.ts";
import { closedMeanwhile, endedEarly } from "../../core/exchange/call-errors.ts";
import * as plans from "../../core/exchange/call-plans.ts";
import type { ClientExchange, Continuation, Ending } from "../../core/exchange/client-exchange.ts";
import { accepts, type CallPlan, type ExchangeCall } from "../../core/exchange/exchange-call.ts";
import { FAREWELL_MS, LONGEST_FAREWELL_MS } from "../../core/exchange/farewell.ts";
import { after } from "../../core/hooks.ts";
import {
  kAdopt,
  kConnection,
  kFault,
  kIsDoneByDefault,
  kSettings,
  kTellClosed,
  kTellConnected,
} from "../../core/internals.ts";
import { durationOption } from "../../core/options.ts";
import type { ChannelError } from "../../errors.ts";
import { AsyncChannel } from "../../modes/async/async-channel.ts";
import type { AsyncConnection } from "../../modes/async/async-connection.ts";
import { AsyncFarewell, dropLateReply, ignore } from "../../modes/async/async-farewell.ts";
import { AsyncOpener } from "../../modes/async/async-opener.ts";
import type { AsyncCallOptions, AsyncCollectOptions, AsyncReplyOptions } from "../../modes/async/async-options.ts";
import type { AsyncConnect, AsyncTransport } from "../../modes/async/async-transport.ts";
import type { AsyncClientOptions } from "./async-client-options.ts";
import { type CallResult, ClientCall, faultOf } from "./client-call.ts";
import { type ClientSetup, clientSetup } from "./client-setup.ts";
import { ClientTurns } from "./client-turns.ts";

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
  readonly #setup: ClientSetup<MessageOf<Encoding>>;
  readonly #exchange: ClientExchange<MessageOf<Encoding>>;
  readonly #turns = new ClientTurns<MessageOf<Encoding>>({
    begin: (call) => this.#beginCall(call),
    fail: (call, result) => this.#fail(call, result),
    awaited: () => this.#awaited(),
  });
  readonly #farewell = new AsyncFarewell();
  /** Settled when the last attempt to open is over; it never fails. */
  #opening: Promise<void> = Promise.resolve();

  /** @param options those of the generated class. Called by generated classes, also those of users. */
  protected constructor(options: AsyncClientOptions<Encoding, never>) {
    const framing = framingOf(new.target);
    super(options, "client", 0, framing);
    this.#opener = new AsyncOpener(new.target.open as AsyncConnect<never, Link>, options);
    this.#setup = clientSetup(options, this[kSettings], framing);
    this.#exchange = this.#setup.exchange;
    this.keepAlive = this.#setup.keepAlive;
  }

  /** Whether no exchange is under way. */
  get done(): boolean {
    return this.#turns.current === undefined;
  }

  /**
   * Sends `data`, waits for the reply, and resolves with the last one: the first, unless `start()`, `queryDone()` or the
   * option `until` prolongs the exchange. The channel is opened if it is not open, and closed afterwards unless `keepAlive`
   * is set.
   *
   * @param data a string is sent as UTF-8.
   * @throws ChannelError whose `outcome` says whether the request was sent: OpenError if the channel cannot be opened,
   * DisconnectedError if it breaks, TimeoutError `ERR_REPLY_TIMEOUT`, or `ERR_WRITE_TIMEOUT` if the request itself has not
   * left, FramingError for a bad reply, and others. The channel is closed after a failure: a late reply never answers the
   * next call.
   * @throws the `reason` of the signal, if it aborts.
   */
  clientCommunicate(data: Data, options: AsyncReplyOptions<MessageOf<Encoding>> = {}): Promise<MessageOf<Encoding>> {
    return this.#call(() => plans.replyPlan(data, options), options, plans.last);
  }

  /**
   * As {@link clientCommunicate}, for a reply of several messages: resolves with all of them, up to the one that `until`
   * accepts.
   */
  collect(data: Data, options: AsyncCollectOptions<MessageOf<Encoding>>): Promise<MessageOf<Encoding>[]> {
    return this.#call(() => plans.collectPlan(data, options), options, plans.all);
  }

  /**
   * Sends `data`, and resolves when it has left: on a socket to the system, on a serial line onto the wire. No reply is
   * awaited. While the queue is full, it waits. The channel is opened if it is not open, and closed afterwards unless
   * `keepAlive` is set.
   *
   * @throws as {@link clientCommunicate}.
   */
  override send(data: Data, options: AsyncCallOptions = {}): Promise<void> {
    return this.#call(() => plans.sendPlan(data), options, plans.none);
  }

  /**
   * Resolves with the first message that the predicate accepts, and sends nothing: for a server that speaks first. The
   * channel is opened if it is not open. `processData` is called for each message.
   *
   * @throws as {@link clientCommunicate}.
   */
  waitFor(
    predicate: (data: MessageOf<Encoding>) => boolean,
    options: AsyncCallOptions = {},
  ): Promise<MessageOf<Encoding>> {
    return this.#call(() => plans.matchPlan(predicate), options, plans.last);
  }

  /**
   * Opens the channel. Does nothing if it is open.
   *
   * @throws OpenError `ERR_CONNECT_REFUSED`, `ERR_PORT_NOT_FOUND` and others, if it cannot be opened.
   * @throws the `reason` of the signal, if it aborts.
   */
  connect(options: AsyncCallOptions = {}): Promise<void> {
    return this.#call(() => plans.OPEN_PLAN, options, plans.none);
  }

  /** Sends the items one by one, and yields the reply to each. The next item is sent when the next reply is asked for. */
  async *replies(
    items: Iterable<Data> | AsyncIterable<Data>,
    options: AsyncReplyOptions<MessageOf<Encoding>> = {},
  ): AsyncGenerator<MessageOf<Encoding>, void, undefined> {
    for await (const item of items) yield await this.clientCommunicate(item, options);
  }

  /**
   * Queues data to be sent, in order, as one message; opens the channel if it is closed. May be called in `processData`,
   * after an `await` in it, and from outside. What is started before a call leaves before its request. The bytes must not
   * be changed until they have left.
   *
   * @throws FramingError `ERR_TERMINATOR_IN_PAYLOAD` and others, if the framing cannot carry the data; nothing is sent.
   * @throws BackPressureError `ERR_BACKPRESSURE` if more than `maxQueuedBytes` would be queued; nothing is sent.
   */
  start(data: Data): void {
    this.#exchange.start(toBytes(data));
    if (this.#exchange.open()) this.#opening = this.#open();
  }

  finish(): void {
    if (this.#exchange.finish()) this.#farewell.leave(this[kConnection], LONGEST_FAREWELL_MS);
  }

  override close(): Promise<void> {
    this.#turns.close();
    this.#exchange.close();
    this.#opener.cancel(closedMeanwhile("open"));
    this[kConnection]?.destroy();
    return this[kConnection]?.released ?? this.#opening;
  }

  /** @internal */
  protected get [kIsDoneByDefault](): boolean {
    return this.#exchange.isDoneByDefault;
  }

  /** Makes a call, and resolves with what `pick` makes of its messages. */
  #call<Result>(
    makePlan: () => CallPlan<MessageOf<Encoding>>,
    options: AsyncCallOptions,
    pick: (messages: MessageOf<Encoding>[]) => Result,
  ): Promise<Result> {
    const work = new Promise<Result>((resolve, reject) => {
      options.signal?.throwIfAborted();
      const plan = makePlan();
      const timeoutMs = durationOption("timeoutMs", options.timeoutMs, this.#setup.timeoutMs);
      this.#exchange.check(plan);
      const call = new ClientCall(plan, timeoutMs, (messages) => resolve(pick(messages)), reject);
      this.#turns.add(call, options.signal);
    });
    return withCaller(work, this[kSettings].peer);
  }

  /** The call has its turn. */
  #beginCall(call: ClientCall<MessageOf<Encoding>>): void {
    if (this[kConnection]?.isGone) this.#exchange.spend();
    try {
      const beginning = this.#exchange.begin(call.plan);
      call.record = this.#exchange.call;
      if (beginning === "open") this.#opening = this.#open();
      else if (beginning === "send") this.#sendRequest(call);
      else if (beginning === "reopen") this[kConnection]?.destroy();
      else this.#hasten();
    } catch (error) {
      this.#end(call, "keep", { error });
    }
  }

  /** A connection that is only waiting for the other end to close is closed for the call that waits. */
  #hasten(): void {
    const connection = this[kConnection];
    if (connection?.isOpen === false) connection.drain().then(() => connection.destroy(), ignore);
  }

  async #open(): Promise<void> {
    let transport: AsyncTransport<Link>;
    try {
      transport = await this.#opener.open(this.#turns.current?.timeoutMs);
    } catch (error) {
      const then = this.#exchange.openFailed();
      if (typeof then === "object") this.#end(this.#turns.current, "keep", { error });
      else if (then === "start") this[kFault](error as ChannelError);
      else if (then === "reopen") await this.#open();
      return;
    }
    const connection = this[kAdopt](transport, {
      deliver: (message) => this.#deliver(message),
      ended: () => this.#ended(connection),
      closed: (reason) => this.#closed(reason),
    });
    connection.beginAfter(() => this.#begin(connection));
  }

  /** The device is open: before anything else, a reply that is late is dropped, and the hook runs. */
  #begin(connection: AsyncConnection<MessageOf<Encoding>, Link>): void | PromiseLike<void> {
    if (!this.#exchange.isOutOfStep) return this.#prepare(connection);
    return dropLateReply(connection, this[kSettings].resyncQuietMs).then(() => {
      this.#exchange.inStep();
      return this.#prepare(connection);
    });
  }

  #prepare(connection: AsyncConnection<MessageOf<Encoding>, Link>): void | PromiseLike<void> {
    if (!this.#exchange.opened({ queue: (payload) => connection.send(payload) })) return connection.destroy();
    return after(this[kTellConnected](), () => this.#connected());
  }

  #connected(): void {
    const then = this.#exchange.connected();
    if (then === "finish") this.#farewell.leave(this[kConnection], LONGEST_FAREWELL_MS);
    if (then === "send" && this.#turns.current !== undefined) this.#sendRequest(this.#turns.current);
  }

  #sendRequest(call: ClientCall<MessageOf<Encoding>>): void {
    const connection = this[kConnection];
    connection?.flushOutbox();
    // What is sent for its own sake waits until there is room.
    if (call.plan.goal !== "send" || connection === undefined) return this.#sendNow(call);
    connection.drain().then(() => {
      if (this.#exchange.call === call.record) this.#sendNow(call);
    }, ignore);
  }

  #sendNow(call: ClientCall<MessageOf<Encoding>>): void {
    const connection = this[kConnection];
    try {
      const { isLast, next } = this.#exchange.request();
      if (isLast) connection?.halfClose();
      else connection?.flushOutbox();
      this.#continue(call, next);
    } catch (error) {
      this.#settle(call, { error });
    }
  }

  #continue(call: ClientCall<MessageOf<Encoding>>, next: Continuation): void {
    if (next === "settle") this.#settle(call, {});
    else if (next === "reopen") this[kConnection]?.destroy();
    else if (next === "leave") {
      // If the bytes cannot leave, the connection is lost, and the call fails with it.
      this[kConnection]?.drain().then(() => this.#settle(call, {}), ignore);
    }
  }

  #deliver(message: MessageOf<Encoding>): void | PromiseLike<void> {
    if (this[kConnection]?.isOver) this.#exchange.spend();
    const record = this.#exchange.isAwaiting ? this.#exchange.call : undefined;
    record?.take(message);
    const pending = this.processData(message);
    return record === undefined ? pending : after(pending, () => this.#afterPass(record, message));
  }

  #afterPass(record: ExchangeCall<MessageOf<Encoding>>, message: MessageOf<Encoding>): void | PromiseLike<void> {
    if (this.#exchange.call !== record) return;
    const { until } = record.plan;
    const answer = until === undefined ? this.queryDone() : accepts(until, message);
    return after(answer, (isDone) => this.#endPass(record, isDone));
  }

  #endPass(record: ExchangeCall<MessageOf<Encoding>>, isDone: boolean): void {
    const { current } = this.#turns;
    if (this.#exchange.call === record && current !== undefined) this.#continue(current, this.#exchange.passed(isDone));
  }

  /** The other end will send no more, and waits for this side to close. */
  #ended(connection: AsyncConnection<MessageOf<Encoding>, Link>): void {
    this.#exchange.spend();
    const record = this.#exchange.call;
    if (record?.isLeaving === true || record?.plan.goal === "send") return;
    connection.destroyFor(record && { by: "peer" });
  }

  #fail(call: ClientCall<MessageOf<Encoding>>, result: CallResult): void {
    this.#settle(call, result);
    this.#opener.cancel(result.error);
  }

  #awaited(): "open" | "reply" | { readonly bytesWritten: number } {
    if (this.#opener.isOpening) return "open";
    const transport = this[kConnection]?.transport;
    return transport === undefined || transport.queuedBytes === 0 ? "reply" : transport;
  }

  /** Ends the call that has its turn. */
  #settle(call: ClientCall<MessageOf<Encoding>>, result: CallResult): void {
    if (call.record === undefined || this.#exchange.call !== call.record) return;
    this.#end(call, this.#exchange.settle("error" in result), result);
  }

  /** Ends a call, once. The promise is settled when the connection is as it is to be. */
  #end(call: ClientCall<MessageOf<Encoding>> | undefined, ending: Ending, result: CallResult): void {
    if (!this.#turns.end(call, result)) return;
    const connection = this[kConnection];
    if (ending === "keep" || connection === undefined) return this.#turns.complete(call, connection !== undefined);
    if (ending === "finish") return this.#farewell.leave(connection, FAREWELL_MS);
    connection.flushOutbox();
    connection.destroyFor(faultOf(result));
  }

  #closed(reason: CloseReason): void {
    const { error } = reason;
    this.#farewell.end();
    const { current } = this.#turns;
    const then = this.#exchange.lost();
    if (typeof then === "object") this.#turns.end(current, { error: error ?? endedEarly(then.plan.goal) });
    else if (error !== undefined && current === undefined) this[kFault](error);
    this[kTellClosed](reason);
    if (then === "reopen" || this.#exchange.open()) this.#opening = this.#open();
    if (then !== "reopen" && current !== undefined) this.#turns.complete(current, false);
  }
}
