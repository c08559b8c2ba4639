import { EventEmitter } from "node:events";
import { type CheckedSettings, checkSettings, type DeadlineSettings } from "../../core/channel-settings.ts";
import type { CloseReason } from "../../core/close-reason.ts";
import { type Data, type MessageOf, toBytes } from "../../core/data.ts";
import { publishFault } from "../../core/diagnostics.ts";
import { withCaller } from "../../core/error-context.ts";
import type { ChannelRole, FramingClass } from "../../core/framing.ts";
import { durationOption, functionOption, optionsObject } from "../../core/options.ts";
import { withDeadline } from "../../core/with-deadline.ts";
import { type ChannelError, type Outcome, StateError, TimeoutError } from "../../errors.ts";
import { attempt, type DroppedHook, hookError, routeFault } from "../../core/hooks.ts";
import {
  kAdopt,
  kConnection,
  kFault,
  kIsDoneByDefault,
  kSettings,
  kSurvived,
  kTellClosed,
  kTellConnected,
  kUnhandled,
} from "../../core/internals.ts";
import { AsyncConnection } from "./async-connection.ts";
import type { ConnectionOwner } from "./async-connection-owner.ts";
import type { AsyncCallOptions, AsyncChannelOptions } from "./async-options.ts";
import type { AsyncTransport } from "./async-transport.ts";

/** The events of an asynchronous channel, with what their listeners are called with. */
export interface AsyncChannelEvents<Message> {
  /** The channel is open. */
  connect: [];
  /** A complete message; not emitted if `processData` is overridden or given as an option. */
  message: [data: Message];
  /** All that was queued has been given to the system. */
  drain: [];
  /** The channel is closed and everything is released. */
  close: [reason: CloseReason];
  /** A fault that no call was waiting for. */
  error: [error: ChannelError];
}

/**
 * What all asynchronous channels have in common: hooks, events, queueing, closing.
 *
 * @phrase asynchronous
 */
export abstract class AsyncChannel<Encoding extends BufferEncoding | undefined, Link> extends EventEmitter<
  AsyncChannelEvents<MessageOf<Encoding>>
> {
  /** The framing of this class. */
  static readonly framing: FramingClass;
  /** @internal */
  protected readonly [kSettings]: CheckedSettings;
  readonly #hooks: AsyncChannelOptions<Encoding, never>;
  /** The signal of the last connection. */
  #lastSignal: AbortSignal | undefined;
  #survivedFaults = 0;

  /** @internal */
  protected constructor(
    given: AsyncChannelOptions<Encoding, never> & DeadlineSettings,
    role: ChannelRole,
    idleTimeoutMs: number,
    framing: FramingClass,
  ) {
    super();
    const options = optionsObject(given);
    for (const name of ["processData", "queryDone", "onConnect", "onClose", "onError"] as const) {
      functionOption(name, options[name]);
    }
    this.#hooks = options;
    this[kSettings] = checkSettings(options, role, framing, idleTimeoutMs);
  }

  /** @internal */
  protected [kConnection]: AsyncConnection<MessageOf<Encoding>, Link> | undefined;

  /** Whether the channel is not open. */
  get closed(): boolean {
    return this[kConnection] === undefined;
  }

  /** Whether nothing more is to be done on the channel as it is: it is closed, or is closing once all is sent. */
  abstract get done(): boolean;

  /**
   * The device behind the channel: addresses of a socket, control lines of a serial port.
   *
   * @throws StateError `ERR_CHANNEL_CLOSED` if the channel is not open.
   */
  get link(): Link {
    if (this[kConnection] === undefined) throw notOpen();
    return this[kConnection].transport.link;
  }

  /**
   * Aborts when the present connection is gone, or this side closes it, also while a message is being processed; the reason
   * is the error, where there is one. A half-close of the other end is not the end of the connection. After each opening it
   * is another signal; while the channel is closed it is aborted.
   */
  get signal(): AbortSignal {
    return this[kConnection]?.signal ?? (this.#lastSignal ??= AbortSignal.abort(notOpen()));
  }

  /**
   * Queues data to be sent, in order, as one message. May be called in `processData`, after an `await` in it, and from
   * outside. The bytes must not be changed until they have left.
   *
   * @param data a string is sent as UTF-8.
   * @throws FramingError `ERR_TERMINATOR_IN_PAYLOAD` and others, if the framing cannot carry the data; nothing is sent.
   * @throws BackPressureError `ERR_BACKPRESSURE` if more than `maxQueuedBytes` would be queued; nothing is sent.
   * @throws StateError `ERR_CHANNEL_CLOSED` if the channel is closed or closing.
   */
  abstract start(data: Data): void;

  /**
   * Sends data, in order, as one message. Waits while the queue is full, and until the bytes have left: on a socket to the
   * system, on a serial line onto the wire.
   *
   * @param data a string is sent as UTF-8.
   * @throws FramingError `ERR_TERMINATOR_IN_PAYLOAD` and others, if the framing cannot carry the data.
   * @throws BackPressureError `ERR_BACKPRESSURE` if the message alone is larger than `maxQueuedBytes`.
   * @throws StateError `ERR_CHANNEL_CLOSED` if the channel is not open, or closes before.
   * @throws TimeoutError `ERR_WRITE_TIMEOUT` after `timeoutMs`.
   * @throws the `reason` of the signal, if it aborts. A message that still waits for room is not sent then.
   */
  async send(data: Data, options: AsyncCallOptions = {}): Promise<void> {
    const connection = this[kConnection];
    options.signal?.throwIfAborted();
    durationOption("timeoutMs", options.timeoutMs, 0);
    const payload = toBytes(data);
    if (connection === undefined) throw notOpen();
    let takeBack: () => void = () => undefined;
    let outcome: Outcome = "not-sent";
    const queued = new Promise<void>((resolve, reject) => {
      takeBack = connection.sendWhenRoom(payload, (error) => (error === undefined ? resolve() : reject(error)));
    });
    const left = queued.then(() => {
      outcome = "unknown";
      return connection.drain();
    });
    try {
      const late = (timeoutMs: number): TimeoutError => sendTooSlow(timeoutMs, outcome);
      await withCaller(withDeadline(left, options, late), this[kSettings].peer);
    } catch (error) {
      takeBack();
      throw error;
    }
  }

  /** Closes the channel once the current transfer is complete: what is queued is sent first. Safe inside hooks. */
  abstract finish(): void;

  /**
   * Closes the channel now. Calls that are pending fail with `ERR_CHANNEL_CLOSED`. May be called again at any time.
   *
   * @returns a promise that resolves when everything is released; it never rejects.
   */
  close(): Promise<void> {
    const connection = this[kConnection];
    connection?.destroy();
    return connection?.released ?? Promise.resolve();
  }

  /** The same as {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Drops what was received and not yet delivered, also in the driver of a serial port: what comes next is the beginning
   * of a message.
   *
   * @throws StateError `ERR_CHANNEL_CLOSED` if the channel is not open.
   * @throws TimeoutError `ERR_WRITE_TIMEOUT` after `timeoutMs`.
   * @throws the `reason` of the signal, if it aborts.
   */
  async flush(options: AsyncCallOptions = {}): Promise<void> {
    if (this[kConnection] === undefined) throw notOpen();
    await withCaller(withDeadline(this[kConnection].discardInput(), options, flushTooSlow), this[kSettings].peer);
  }

  /**
   * Resolves when everything queued so far has left: on a socket to the system, on a serial line onto the wire.
   *
   * @throws StateError `ERR_CHANNEL_CLOSED` if the channel is not open, or closes before.
   * @throws TimeoutError `ERR_WRITE_TIMEOUT` after `timeoutMs`; what is queued stays queued.
   * @throws the `reason` of the signal, if it aborts.
   */
  async drain(options: AsyncCallOptions = {}): Promise<void> {
    if (this[kConnection] === undefined) throw notOpen();
    await withCaller(withDeadline(this[kConnection].drain(), options, drainTooSlow), this[kSettings].peer);
  }

  /**
   * Called once for each complete message. Override it, or give it as an option; by default the event `message` is
   * emitted. The next message of this channel waits for a promise that it returns.
   *
   * @param data a `Buffer` of your own, or a `string` with the option `encoding`.
   */
  processData(data: MessageOf<Encoding>): void | Promise<void> {
    if (this.#hooks.processData) return this.#hooks.processData(data, this as never);
    fire(this, "message", data);
  }

  /** Called after each pass of the exchange: whether it is over. Override it, or give it as an option. */
  queryDone(): boolean | Promise<boolean> {
    return this.#hooks.queryDone ? this.#hooks.queryDone(this as never) : this[kIsDoneByDefault];
  }

  /** @internal */
  protected abstract readonly [kIsDoneByDefault]: boolean;

  /** Called when the channel is open, before anything is sent or received; a promise is waited for. */
  onConnect(): void | Promise<void> {
    return this.#hooks.onConnect?.(this as never);
  }

  /** Called when the channel is closed and everything is released, with the reason. */
  onClose(reason: CloseReason): unknown {
    return this.#hooks.onClose?.(this as never, reason);
  }

  /**
   * Called with how many bytes between two messages belonged to neither and were dropped, before the second one is
   * delivered. Only framings whose messages have a start marker count them.
   */
  onDropped(count: number): unknown {
    return (this.#hooks as DroppedHook).onDropped?.(count);
  }

  /** Called with a fault that no call was waiting for. Listeners of the event `error` hear of it too. */
  onError(error: ChannelError): unknown {
    return this.#hooks.onError?.(error, this as never);
  }

  /** Reports a fault that no call waits for and that ends the channel, or comes from a hook. @internal */
  protected [kFault](error: ChannelError): void {
    routeFault(error, this.#hearers(), (unhandled) => this[kUnhandled](unhandled, false));
  }

  /** Counts and publishes a fault that the channel survives, and reports it to those who want to know. @internal */
  protected [kSurvived](error: ChannelError): void {
    publishFault(this, error, ++this.#survivedFaults);
    routeFault(error, this.#hearers(), (unhandled) => this[kUnhandled](unhandled, true));
  }

  /** As Node.js does: an `error` event without a listener is thrown. @internal */
  protected [kUnhandled](error: ChannelError, isSurvived: boolean): void {
    if (!isSurvived) process.nextTick(() => fire(this, "error", error));
  }

  /** Makes an open transport the connection of this channel. @internal */
  protected [kAdopt](
    transport: AsyncTransport<Link>,
    owner: ChannelOwner<MessageOf<Encoding>>,
  ): AsyncConnection<MessageOf<Encoding>, Link> {
    const connection = new AsyncConnection<MessageOf<Encoding>, Link>(transport, this[kSettings], {
      subject: this,
      drained: () => this.#drained(),
      survived: (error) => this[kSurvived](error),
      failedLate: (error) => this[kFault](error),
      dropped: (count) => this.#dropped(count),
      ...owner,
      closed: (reason) => {
        this.#lastSignal = connection.lastSignal;
        this[kConnection] = undefined;
        owner.closed(reason);
      },
    });
    this[kConnection] = connection;
    return connection;
  }

  /** @internal */
  protected [kTellConnected](): void | Promise<void> {
    fire(this, "connect");
    return this.onConnect();
  }

  /** @internal */
  protected [kTellClosed](reason: CloseReason): void {
    const failed = (thrown: unknown): void => this[kFault](hookError(thrown));
    void attempt(() => this.onClose(reason), failed);
    void attempt(() => fire(this, "close", reason), failed);
  }

  #drained(): void {
    void attempt(
      () => fire(this, "drain"),
      (thrown) => this[kFault](hookError(thrown)),
    );
  }

  #dropped(count: number): void {
    void attempt(
      () => this.onDropped(count),
      (thrown) => this[kFault](hookError(thrown)),
    );
  }

  /** Who wants to hear of faults. */
  #hearers(): readonly (((error: ChannelError) => unknown) | undefined)[] {
    const isHooked = this.#hooks.onError !== undefined || this.onError !== AsyncChannel.prototype.onError;
    return [
      isHooked ? (error) => this.onError(error) : undefined,
      this.listenerCount("error") > 0 ? (error) => fire(this, "error", error) : undefined,
    ];
  }
}

/** What a channel does with the events of its connection. */
export type ChannelOwner<Message> = Pick<ConnectionOwner<Message>, "deliver" | "ended" | "closed"> &
  Partial<Pick<ConnectionOwner<Message>, "survived" | "gone">>;

/** Emits an event of a channel whose message type is not known here. */
function fire(channel: unknown, event: string, ...values: unknown[]): void {
  (channel as EventEmitter).emit(event, ...values);
}

function drainTooSlow(timeoutMs: number): TimeoutError {
  return new TimeoutError("ERR_WRITE_TIMEOUT", `what is queued had not left after ${timeoutMs} ms`);
}

function sendTooSlow(timeoutMs: number, outcome: Outcome): TimeoutError {
  const text = `what was to be sent had not left after ${timeoutMs} ms`;
  return new TimeoutError("ERR_WRITE_TIMEOUT", text, { outcome });
}

function flushTooSlow(timeoutMs: number): TimeoutError {
  return new TimeoutError("ERR_WRITE_TIMEOUT", `received bytes were not dropped after ${timeoutMs} ms`);
}

/** The error of a call that needs an open channel. */
export function notOpen(): StateError {
  return new StateError("ERR_CHANNEL_CLOSED", "the channel is not open", { outcome: "not-sent" });
}
