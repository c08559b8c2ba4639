import { type ClientSettings, framingOf, type OpenSettings } from "../../core/channel-settings.ts";
import { type CloseReason, faultReason } from "../../core/close-reason.ts";
import { type Data, type MessageOf, toBytes } from "../../core/data.ts";
import { namePeer } from "../../core/error-context.ts";
import { closedMeanwhile, endedEarly, notOpenInTime } from "../../core/exchange/call-errors.ts";
import { collectPlan, FINISH_PLAN, matchPlan, OPEN_PLAN, replyPlan, sendPlan } from "../../core/exchange/call-plans.ts";
import type { ClientExchange, Continuation, Ending } from "../../core/exchange/client-exchange.ts";
import { accepts, type CallPlan, type ExchangeCall } from "../../core/exchange/exchange-call.ts";
import { kCloseFor, kConnection, kFault, kIsDoneByDefault, kSettings, kTellDropped } from "../../core/internals.ts";
import { durationOption } from "../../core/options.ts";
import { ChannelError, StateError } from "../../errors.ts";
import { BlockingChannel, deadlineIn, openConnection, runHook } from "../../modes/blocking/blocking-channel.ts";
import { BlockingConnection, type Waiting } from "../../modes/blocking/blocking-connection.ts";
import type {
  BlockingCallOptions,
  BlockingChannelOptions,
  BlockingCollectOptions,
  BlockingReplyOptions,
} from "../../modes/blocking/blocking-options.ts";
import type { BlockingOpen, BlockingTransport } from "../../modes/blocking/blocking-transport.ts";
import { dropLateReply, earlyReply, takeUnasked } from "../../modes/blocking/blocking-unasked.ts";
import { Occupation } from "../../modes/blocking/occupation.ts";
import { type CallLimit, callLimit } from "./blocking-call-limit.ts";
import { type ClientSetup, clientSetup } from "./client-setup.ts";

/** The options of a blocking client. */
export interface BlockingClientOptions<Encoding extends BufferEncoding | undefined, Self>
  extends BlockingChannelOptions<Encoding, Self>, OpenSettings, ClientSettings {}

/**
 * Sends a request and returns the reply, without a promise: `clientCommunicate` opens the channel if it is not open,
 * sends, waits, calls `processData`, and returns the last reply. The thread does nothing else meanwhile.
 *
 * @phrase sends a request and returns the reply
 * @example
 * import { {{Class}} } from "{{package}}";
 *
 * const client = new {{Class}}({ {{address}} });
 * const reply = client.clientCommunicate("hello");
 * console.log(reply.toString());
 */
export abstract class BlockingClient<Encoding extends BufferEncoding | undefined, Link> extends BlockingChannel<
  Encoding,
  Link
> {
  static readonly mode = "blocking";
  static readonly className = "*Client";
  static readonly opens = "connect";
  /** Opens the device of this class. */
  static readonly open: BlockingOpen<never, unknown>;

  /** Whether the channel stays open after an exchange, for the next. */
  readonly keepAlive: boolean;
  readonly #openDevice: (deadline: number) => BlockingTransport<Link> | "late";
  readonly #setup: ClientSetup<MessageOf<Encoding>>;
  readonly #exchange: ClientExchange<MessageOf<Encoding>>;
  readonly #occupation = new Occupation();

  /** @param options those of the generated class. Called by generated classes, also those of users. */
  protected constructor(options: BlockingClientOptions<Encoding, never>) {
    const framing = framingOf(new.target);
    super(options, "client", 0, framing);
    this.#openDevice = (new.target.open as BlockingOpen<never, Link>)(options as never);
    this.#setup = clientSetup(options, this[kSettings], framing);
    this.#exchange = this.#setup.exchange;
    this.keepAlive = this.#setup.keepAlive;
  }

  /** Whether no call is under way. */
  get done(): boolean {
    return this.#occupation.state !== "taken";
  }

  /**
   * Sends `data` and waits for the reply. Opens the channel if it is not open; closes it afterwards unless `keepAlive` is
   * set.
   *
   * @param data a string is sent as UTF-8.
   * @returns the last reply: the first one, unless `start()`, `queryDone()` or the option `until` prolonged the exchange.
   * @throws ChannelError whose `outcome` says whether the request was sent: OpenError if the channel cannot be opened,
   * DisconnectedError if it breaks, TimeoutError `ERR_REPLY_TIMEOUT` or `ERR_WRITE_TIMEOUT`, FramingError for a bad reply,
   * StateError `ERR_WOULD_DEADLOCK`, and others. After a failure the channel is closed, so that a late reply never answers
   * the next call.
   */
  clientCommunicate(data: Data, options: BlockingReplyOptions<MessageOf<Encoding>> = {}): MessageOf<Encoding> {
    return this.#call(replyPlan(data, options), options).at(-1) as MessageOf<Encoding>;
  }

  /**
   * As {@link clientCommunicate}, for a reply of several messages.
   *
   * @returns all messages up to the one that `until` accepts.
   */
  collect(data: Data, options: BlockingCollectOptions<MessageOf<Encoding>>): MessageOf<Encoding>[] {
    return this.#call(collectPlan(data, options), options);
  }

  /**
   * Sends `data`, and returns when it has left: on a socket to the system, on a serial line onto the wire. No reply is
   * awaited. Opens the channel if it is not open; closes it afterwards unless `keepAlive` is set.
   *
   * @throws as {@link clientCommunicate}.
   */
  send(data: Data, options: BlockingCallOptions = {}): void {
    this.#call(sendPlan(data), options);
  }

  /**
   * Waits for a message that the predicate accepts, without sending anything: for a server that speaks first. Opens the
   * channel if it is not open. `processData` is called for each message.
   *
   * @returns the message that was accepted.
   * @throws as {@link clientCommunicate}.
   */
  waitFor(predicate: (data: MessageOf<Encoding>) => boolean, options: BlockingCallOptions = {}): MessageOf<Encoding> {
    return this.#call(matchPlan(predicate), options).at(-1) as MessageOf<Encoding>;
  }

  /**
   * Opens the channel. Does nothing if it is open.
   *
   * @throws OpenError `ERR_CONNECT_REFUSED`, `ERR_PORT_NOT_FOUND` and others, if it cannot be opened.
   */
  connect(options: BlockingCallOptions = {}): void {
    this.#call(OPEN_PLAN, options);
  }

  /** Sends the items one by one, and yields the reply to each. The next item is sent when the next reply is asked for. */
  *replies(
    items: Iterable<Data>,
    options: BlockingReplyOptions<MessageOf<Encoding>> = {},
  ): Generator<MessageOf<Encoding>, void, undefined> {
    for (const item of items) yield this.clientCommunicate(item, options);
  }

  /**
   * Queues data to be sent, in order, as one message. In a hook, it is sent when the hook returns. Outside a call, what the
   * system takes at once is sent if the channel is open; the rest, or everything, with the next call or {@link finish}. The
   * bytes must not be changed until then.
   *
   * @throws FramingError `ERR_TERMINATOR_IN_PAYLOAD` and others, if the framing cannot carry the data; nothing is sent.
   * @throws BackPressureError `ERR_BACKPRESSURE` if more than `maxQueuedBytes` would be queued; nothing is sent.
   * @throws DisconnectedError if the connection turns out to be broken; then the channel is closed.
   */
  start(data: Data): void {
    const payload = toBytes(data);
    this.#leaveAbandoned();
    this.#exchange.start(payload);
    if (this.#occupation.state !== "free") return;
    try {
      this[kConnection]?.sendAtOnce();
    } catch (error) {
      this.#release(faultReason(error));
      throw error;
    }
  }

  /**
   * Closes the channel once the current transfer is complete: in a hook, after the call; else now, when everything queued
   * has left, for which the channel is opened if need be.
   *
   * @throws as {@link send}, with the option `timeoutMs` of the channel as the deadline.
   */
  finish(): void {
    this.#leaveAbandoned();
    if (this.#occupation.state === "taken") this.#exchange.finish();
    else if (this[kConnection] !== undefined || this.#exchange.isWaitingToSend) this.#call(FINISH_PLAN, {});
  }

  /** Closes the channel now. A call that is under way fails with `ERR_CHANNEL_CLOSED`. Never throws. */
  override close(): void {
    this.#exchange.close();
    this.#release({ by: "self" });
  }

  /** @internal */
  protected get [kIsDoneByDefault](): boolean {
    return this.#exchange.isDoneByDefault;
  }

  /** Makes a call, and returns the messages that came of it. */
  #call(plan: CallPlan<MessageOf<Encoding>>, options: BlockingCallOptions): MessageOf<Encoding>[] {
    this.#leaveAbandoned();
    if (this.#occupation.state === "taken") {
      const text = "a call of this client is under way: a hook must not wait for another, call start() in it instead";
      throw new StateError("ERR_WOULD_DEADLOCK", text, { outcome: "not-sent" });
    }
    const timeoutMs = durationOption("timeoutMs", options.timeoutMs, this.#setup.timeoutMs);
    this.#exchange.check(plan);
    const now = performance.now();
    const limit = callLimit(timeoutMs, now, plan.goal);
    return this.#occupation.run(() => {
      if (plan.closes !== true) this.#takeUnasked(limit, now);
      const beginning = this.#exchange.begin(plan);
      const call = this.#exchange.call as ExchangeCall<MessageOf<Encoding>>;
      try {
        if (beginning === "reopen") this.#release();
        if (beginning !== "send") this.#open(limit);
        this.#perform(call, limit);
      } catch (error) {
        throw this.#failed(call, error, limit);
      }
      this.#end(this.#exchange.settle(false), limit);
      return call.messages;
    });
  }

  /** What an interrupt left behind is a call that failed: nobody reads its reply. */
  #leaveAbandoned(): void {
    if (this.#occupation.state !== "abandoned") return;
    this.#release({ by: "self" });
    this.#occupation.run(() => undefined);
  }

  /** The whole exchange, once the channel is open. */
  #perform(call: ExchangeCall<MessageOf<Encoding>>, limit: CallLimit): void {
    for (let next: Continuation = "reopen"; next === "reopen";) {
      next = this.#sendRequest(call, limit);
      while (next === "wait") next = this.#receive(call, { limit });
      if (next === "leave") openConnection(this[kConnection]).drain(limit.deadline);
      if (next !== "reopen") return;
      this.#release();
      this.#open(limit);
    }
  }

  /** Opens the device; the exchange can begin then. */
  #open(limit: CallLimit): void {
    const { connectTimeoutMs } = this.#setup;
    const opening = deadlineIn(connectTimeoutMs);
    this.#checkUnderWay();
    try {
      const transport = this.#openDevice(Math.min(limit.deadline, opening));
      if (transport === "late") throw notOpenInTime(limit.deadline < opening ? limit.timeoutMs : connectTimeoutMs);
      this[kConnection] = new BlockingConnection(
        transport,
        this[kSettings],
        (error) => this[kFault](error),
        (count) => this[kTellDropped](count),
      );
    } catch (error) {
      this.#exchange.openFailed();
      throw error;
    }
    if (this.#exchange.isOutOfStep) dropLateReply(this[kConnection], this[kSettings].resyncQuietMs, limit);
    this.#exchange.inStep();
    this.#exchange.opened(this[kConnection]);
    runHook("onConnect", () => this.onConnect());
    this.#checkUnderWay();
    this.#exchange.connected();
  }

  #sendRequest(call: ExchangeCall<MessageOf<Encoding>>, limit: CallLimit): Continuation {
    const connection = openConnection(this[kConnection]);
    if (call.plan.goal === "send") connection.send(limit.deadline);
    else connection.sendAtOnce();
    const { isLast, next } = this.#exchange.request();
    try {
      connection.send(limit.deadline);
      if (isLast) connection.transport.finish();
      return next;
    } catch (error) {
      const reply = this.#exchange.isAwaiting ? earlyReply(connection, error, limit.deadline) : undefined;
      if (reply === undefined) throw error;
      // The request could not be sent to its end, but was answered before that.
      this.#exchange.spend();
      if (this.#pass(call, reply) !== "settle") throw error;
      this[kFault](error as ChannelError);
      return "settle";
    }
  }

  #receive(call: ExchangeCall<MessageOf<Encoding>>, waiting: Waiting & { readonly limit: CallLimit }): Continuation {
    const connection = openConnection(this[kConnection]);
    const message = connection.receive(waiting);
    if (message === undefined) {
      this.#release({ by: "peer" });
      throw endedEarly(call.plan.goal);
    }
    if (connection.isOver) this.#exchange.spend();
    const next = this.#pass(call, message);
    if (next !== "wait") return next;
    connection.send(waiting.limit.deadline);
    // Messages that are not the last must not keep the call from its deadline.
    if (performance.now() >= waiting.limit.deadline) throw waiting.limit.late();
    return next;
  }

  /** One pass: a message is processed, and decides how the call continues. */
  #pass(call: ExchangeCall<MessageOf<Encoding>>, message: MessageOf<Encoding>): Continuation {
    const { until } = call.plan;
    call.take(message);
    runHook("processData", () => this.processData(message));
    this.#checkUnderWay();
    const isDone = runHook("queryDone", () => (until === undefined ? this.queryDone() : accepts(until, message)));
    this.#checkUnderWay();
    return this.#exchange.passed(isDone);
  }

  /** A hook may have closed the channel. */
  #checkUnderWay(): void {
    if (this.#exchange.call === undefined) throw closedMeanwhile("reply");
  }

  /** What is there already is not a reply to what is going to be sent. */
  #takeUnasked({ deadline, late }: CallLimit, now: number): void {
    const connection = this[kConnection];
    if (connection === undefined) return;
    try {
      const fault = takeUnasked(connection, now, (message) => {
        runHook("processData", () => this.processData(message));
        if (performance.now() >= deadline) throw late();
        return this[kConnection] === connection;
      });
      if (connection.isOver) this.#exchange.spend();
      if (fault === undefined) return;
      this.#release(faultReason(fault));
      this[kFault](fault);
    } catch (error) {
      this.#release(faultReason(error));
      if (ChannelError.is(error)) error.outcome = "not-sent";
      throw error;
    }
  }

  /** The call has failed; what the caller is to know of it. */
  #failed(call: ExchangeCall<MessageOf<Encoding>>, thrown: unknown, limit: CallLimit): unknown {
    if (this.#exchange.call === call) this.#end(this.#exchange.settle(true), limit, faultReason(thrown));
    call.mark(thrown);
    return namePeer(thrown, this[kSettings].peer);
  }

  /** Does with the connection what the end of a call says. */
  #end(ending: Ending, { deadline }: CallLimit, fault?: CloseReason): void {
    if (ending === "keep") return;
    const connection = this[kConnection];
    let reason = fault;
    try {
      if (ending === "finish" && connection !== undefined) {
        connection.drain(deadline);
        connection.transport.leave();
        // If what came were left unread, the system would reset the connection, and lose the last bytes.
        connection.transport.flush();
      }
    } catch (thrown) {
      reason = faultReason(thrown);
      this[kFault](thrown as ChannelError);
    } finally {
      this.#release(reason);
    }
  }

  /** Closes the connection, if there is one; without a reason, because it has done its work. */
  #release(reason?: CloseReason): void {
    this.#exchange.lost();
    this[kCloseFor](reason ?? { by: this[kConnection]?.endedBy ?? "self" });
  }
}
