import {
  callTimeout,
  type ClientSettings,
  connectTimeout,
  framingOf,
  type OpenSettings,
} from "../core/channel-settings.ts";
import { type Data, type MessageOf, toBytes } from "../core/data.ts";
import { namePeer } from "../core/error-context.ts";
import type { FramingClass } from "../core/framing.ts";
import { booleanOption, durationOption } from "../core/options.ts";
import { ChannelError, DisconnectedError, type Outcome, StateError, TimeoutError } from "../errors.ts";
import { BlockingChannel, deadlineIn, runHook } from "../modes/blocking.ts";
import { BlockingConnection } from "../modes/blocking-connection.ts";
import type { BlockingCallOptions, BlockingChannelOptions } from "../modes/blocking-options.ts";
import type { BlockingOpen, BlockingTransport } from "../modes/blocking-transport.ts";
import { type CallGoal, endedEarly, noReply, notOpenInTime } from "./client-errors.ts";
import { EarlyPayloads } from "./early-payloads.ts";

/** A reply that came before its request was sent to its end, which then failed. */
interface EarlyReply<Message> {
  readonly reply: Message;
  readonly error: ChannelError;
}

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
  readonly #open: (deadline: number) => BlockingTransport<Link> | "late";
  readonly #boundary: FramingClass["boundary"];
  readonly #timeoutMs: number;
  readonly #connectTimeoutMs: number;
  /** How long the call under way may take. */
  #limitMs = 0;
  #isBusy = false;
  #isFinishing = false;
  #hasHalfClosed = false;
  #hasStarted = false;
  #outcome: Outcome = "not-sent";
  /** Whether a fault was told that the connection has survived. */
  #hasReported = false;
  /** What was `start()`ed while nothing could be sent. */
  readonly #early: EarlyPayloads;

  /** @param options those of the generated class. Called by generated classes, also those of users. */
  protected constructor(options: BlockingClientOptions<Encoding, never>) {
    const framing = framingOf(new.target);
    super(options, "client", 0, framing);
    this.#open = (new.target.open as BlockingOpen<never, Link>)(options as never);
    this.#boundary = framing.boundary;
    this.#early = new EarlyPayloads(this.settings);
    this.keepAlive = booleanOption("keepAlive", options.keepAlive, false);
    this.#timeoutMs = callTimeout(options);
    this.#connectTimeoutMs = connectTimeout(options);
  }

  /** Whether no exchange is under way. */
  get done(): boolean {
    return !this.#isBusy;
  }

  /**
   * Sends `data` and waits for the reply. Opens the channel if it is not open; closes it afterwards unless `keepAlive` is
   * set.
   *
   * @param data a string is sent as UTF-8.
   * @returns the last reply: the first one, unless `start()` or `queryDone()` prolonged the exchange.
   * @throws ChannelError whose `outcome` says whether the request was sent: OpenError if the channel cannot be opened,
   * DisconnectedError if it breaks, TimeoutError `ERR_REPLY_TIMEOUT`, FramingError for a bad reply, StateError
   * `ERR_WOULD_DEADLOCK`, and others. After a failure the channel is closed, so that a late reply never answers the next
   * call.
   */
  clientCommunicate(data: Data, options: BlockingCallOptions = {}): MessageOf<Encoding> {
    const payload = toBytes(data);
    return this.#call(options, (deadline, now) => this.#exchange(payload, deadline, now));
  }

  /**
   * Waits for a message that the predicate accepts, without sending anything: for a server that speaks first. Opens the
   * channel if it is not open. `processData` is called for each message.
   *
   * @returns the message that was accepted.
   * @throws as {@link clientCommunicate}.
   */
  waitFor(predicate: (data: MessageOf<Encoding>) => boolean, options: BlockingCallOptions = {}): MessageOf<Encoding> {
    return this.#call(options, (deadline) => {
      this.#reopen(deadline);
      for (;;) {
        this.#sendStarted(deadline);
        const message = this.#receive(deadline, "match");
        runHook("processData", () => this.processData(message));
        if (runHook("the predicate", () => predicate(message))) return message;
      }
    });
  }

  /**
   * Opens the channel. Does nothing if it is open.
   *
   * @throws OpenError `ERR_CONNECT_REFUSED`, `ERR_PORT_NOT_FOUND` and others, if it cannot be opened.
   */
  connect(options: BlockingCallOptions = {}): void {
    this.#call(options, (deadline) => this.#reopen(deadline), true);
  }

  /** Sends the items one by one, and yields the reply to each. The next item is sent when the next reply is asked for. */
  *replies(items: Iterable<Data>, options: BlockingCallOptions = {}): Generator<MessageOf<Encoding>, void, undefined> {
    for (const item of items) yield this.clientCommunicate(item, options);
  }

  start(data: Data): void {
    this.#early.add(toBytes(data));
    this.#hasStarted = true;
  }

  finish(): void {
    if (this.#isBusy) this.#isFinishing = true;
    else this.close();
  }

  override close(): void {
    if (!this.#isBusy) this.#early.takeAll();
    super.close();
  }

  /** @internal */
  protected get isDoneByDefault(): boolean {
    return !this.#hasStarted;
  }

  /** Whether no further request can be answered on the connection. */
  get #isSpent(): boolean {
    return this.connection === undefined || this.#hasHalfClosed || this.connection.isOver;
  }

  #call<Result>(
    options: BlockingCallOptions,
    work: (deadline: number, now: number) => Result,
    isKeptOpen = false,
  ): Result {
    if (this.#isBusy) {
      const text = "a call of this client is under way: a hook must not wait for another, call start() in it instead";
      throw new StateError("ERR_WOULD_DEADLOCK", text, { outcome: "not-sent" });
    }
    this.#limitMs = durationOption("timeoutMs", options.timeoutMs, this.#timeoutMs);
    const now = performance.now();
    const deadline = deadlineIn(this.#limitMs, now);
    this.#isBusy = true;
    this.#outcome = "not-sent";
    let isHealthy = false;
    try {
      const result = work(deadline, now);
      isHealthy = isKeptOpen || (this.keepAlive && !this.#isFinishing && !this.#isSpent);
      return result;
    } catch (error) {
      if (ChannelError.is(error)) {
        // What could not be encoded leaves an open channel as it was; so do bad bytes on a line that goes on behind them.
        const isUntouched = error.outcome === "not-sent" && this.#outcome === "not-sent";
        isHealthy = this.keepAlive && (isUntouched || this.#hasReported);
        // A hook may have failed with the error of another request.
        error.outcome = this.#outcome;
        namePeer(error, this.settings.peer);
      }
      throw error;
    } finally {
      this.#isBusy = false;
      this.#isFinishing = false;
      this.#hasReported = false;
      if (!isHealthy) this.close();
    }
  }

  #exchange(payload: Uint8Array, deadline: number, now: number): MessageOf<Encoding> {
    this.#takeUnasked(now);
    // On an open connection, its own codec tells what cannot be sent.
    if (this.#isSpent || !this.#early.isEmpty) this.#early.check(payload);
    this.#reopen(deadline);
    const early = this.#sendRequest([payload, ...this.#early.takeAll()], deadline);
    for (;;) {
      const reply = early?.reply ?? this.#receive(deadline);
      this.#hasStarted = false;
      runHook("processData", () => this.processData(reply));
      const isDone = runHook("queryDone", () => this.queryDone());
      if (early !== undefined) return this.#settle(early, isDone);
      // Where one connection carries one exchange, the exchange goes on over a new one.
      if (!isDone && !this.#early.isEmpty) this.#reopen(deadline);
      // What was started in a pass that turned out to be the last still leaves.
      this.#sendStarted(deadline);
      if (isDone) return reply;
    }
  }

  /** What is there already is not a reply to what is going to be sent. */
  #takeUnasked(now: number): void {
    try {
      this.connection?.readWaiting(now);
      while (!this.#isSpent) {
        const message = this.connection?.takeRead();
        if (message === undefined) return;
        runHook("processData", () => this.processData(message));
      }
    } catch (error) {
      if (!DisconnectedError.is(error) || this.connection === undefined) throw error;
      // It broke while nobody used it: nothing is lost, and the channel is opened anew.
      super.close();
      this.fault(error);
    }
  }

  /**
   * Sends a request.
   *
   * @returns the reply and the fault, if the request could not be sent to its end, but was answered before that.
   */
  #sendRequest(payloads: readonly Uint8Array[], deadline: number): EarlyReply<MessageOf<Encoding>> | undefined {
    try {
      this.#send(payloads, deadline);
      return undefined;
    } catch (error) {
      if (!DisconnectedError.is(error) && !TimeoutError.is(error)) throw error;
      const reply = this.#alreadyReceived(error, deadline);
      if (reply === undefined) throw error;
      return { reply, error };
    }
  }

  /** The exchange is over with such a reply, or cannot go on. */
  #settle({ reply, error }: EarlyReply<MessageOf<Encoding>>, isDone: boolean): MessageOf<Encoding> {
    if (!isDone) throw error;
    super.close();
    this.fault(error);
    return reply;
  }

  #alreadyReceived(error: ChannelError, deadline: number): MessageOf<Encoding> | undefined {
    try {
      // A connection that is broken brings what it had, and then its fault, without waiting.
      if (DisconnectedError.is(error)) return this.connection?.receive({ limit: { deadline, late: () => error } });
      return this.connection?.takeWaiting(performance.now());
    } catch {
      // What broke the connection is known already.
      return undefined;
    }
  }

  #sendStarted(deadline: number): void {
    const payloads = this.#early.takeAll();
    if (payloads.length > 0 && !this.#isSpent) this.#send(payloads, deadline);
  }

  #send(payloads: readonly Uint8Array[], deadline: number): void {
    const connection = this.openConnection();
    for (const payload of payloads) connection.queue(payload);
    this.#outcome = "unknown";
    connection.send(deadline);
    if (this.#boundary !== "half-close") return;
    this.#hasHalfClosed = true;
    connection.transport.finish();
  }

  #receive(deadline: number, goal: CallGoal = "reply"): MessageOf<Encoding> {
    const message = this.openConnection().receive({ limit: { deadline, late: () => noReply(this.#limitMs, goal) } });
    if (message === undefined) throw endedEarly(goal);
    return message;
  }

  /** Opens the channel, unless it is open and good for another exchange. */
  #reopen(deadline: number): void {
    if (!this.#isSpent) return;
    super.close();
    this.#hasHalfClosed = false;
    const opening = deadlineIn(this.#connectTimeoutMs);
    const transport = this.#open(Math.min(deadline, opening));
    if (transport === "late") throw notOpenInTime(deadline < opening ? this.#limitMs : this.#connectTimeoutMs);
    this.connection = new BlockingConnection(transport, this.settings, (error) => {
      this.#hasReported = true;
      throw error;
    });
    runHook("onConnect", () => this.onConnect());
  }
}
