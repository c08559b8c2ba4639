import { type CheckedSettings, checkSettings, type DeadlineSettings } from "../../core/channel-settings.ts";
import type { CloseReason } from "../../core/close-reason.ts";
import type { Data, MessageOf } from "../../core/data.ts";
import type { ChannelRole, FramingClass } from "../../core/framing.ts";
import { attempt, type DroppedHook, hookError, isPromise, routeFault, throwLater } from "../../core/hooks.ts";
import { kCloseFor, kConnection, kFault, kIsDoneByDefault, kSettings, kTellDropped } from "../../core/internals.ts";
import { durationOption, functionOption, optionsObject } from "../../core/options.ts";
import { type ChannelError, StateError } from "../../errors.ts";
import type { BlockingConnection } from "./blocking-connection.ts";
import type { BlockingCallOptions, BlockingChannelOptions } from "./blocking-options.ts";

/** The hooks that every blocking channel has. */
const HOOKS = ["processData", "queryDone", "onConnect", "onClose", "onError"] as const;

/**
 * What all blocking channels have in common: hooks, queueing, closing. A call returns when its work is done, and the
 * thread does nothing else meanwhile.
 *
 * @phrase blocking
 */
export abstract class BlockingChannel<Encoding extends BufferEncoding | undefined, Link> {
  /** The framing of this class. */
  static readonly framing: FramingClass;
  /** @internal */
  protected readonly [kSettings]: CheckedSettings;
  /** @internal */
  protected [kConnection]: BlockingConnection<MessageOf<Encoding>, Link> | undefined;
  readonly #hooks: BlockingChannelOptions<Encoding, never>;

  /** @internal */
  protected constructor(
    given: BlockingChannelOptions<Encoding, never> & DeadlineSettings,
    role: ChannelRole,
    idleTimeoutMs: number,
    framing: FramingClass,
  ) {
    const options = optionsObject(given);
    for (const name of HOOKS) functionOption(name, options[name]);
    this.#hooks = options;
    this[kSettings] = checkSettings(options, role, framing, idleTimeoutMs);
  }

  /** Whether the channel is not open. */
  get closed(): boolean {
    return this[kConnection] === undefined;
  }

  /** Whether nothing more is to be done on the channel as it is. */
  abstract get done(): boolean;

  /**
   * The device behind the channel: addresses of a socket, control lines of a serial port.
   *
   * @throws StateError `ERR_CHANNEL_CLOSED` if the channel is not open.
   */
  get link(): Link {
    return openConnection(this[kConnection]).transport.link;
  }

  /**
   * Queues data to be sent, in order, as one message: when `processData` returns, or with the next call. The bytes must
   * not be changed until then.
   *
   * @param data a string is sent as UTF-8.
   * @throws FramingError `ERR_TERMINATOR_IN_PAYLOAD` and others, if the framing cannot carry the data; nothing is sent.
   * @throws BackPressureError `ERR_BACKPRESSURE` if more than `maxQueuedBytes` would be queued; nothing is sent.
   * @throws StateError `ERR_CHANNEL_CLOSED` if the channel is one of a server, and closed.
   */
  abstract start(data: Data): void;

  /** Closes the channel once the current transfer is complete: what is queued is sent first. Safe inside hooks. */
  abstract finish(): void;

  /** Closes the channel now. May be called again at any time; never throws. */
  close(): void {
    this[kCloseFor]({ by: "self" });
  }

  /** @internal */
  protected [kCloseFor](reason: CloseReason): void {
    const connection = this[kConnection];
    if (connection === undefined) return;
    this[kConnection] = undefined;
    connection.transport.close();
    attempt(
      () => runHook("onClose", () => this.onClose(reason)),
      (thrown) => this[kFault](hookError(thrown), throwLater),
    );
  }

  /** The same as {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Drops what was received and not yet delivered, also in the driver of a serial port: what comes next is the beginning
   * of a message.
   *
   * @throws StateError `ERR_CHANNEL_CLOSED` if the channel is not open.
   */
  flush(): void {
    openConnection(this[kConnection]).discardInput();
  }

  /**
   * Returns when everything queued so far has left: on a socket the system has it, on a serial line it is on the wire.
   *
   * @throws StateError `ERR_CHANNEL_CLOSED` if the channel is not open.
   * @throws TimeoutError `ERR_WRITE_TIMEOUT` after `timeoutMs`, or if nothing leaves for `writeTimeoutMs`.
   * @throws DisconnectedError if the connection breaks.
   */
  drain(options: BlockingCallOptions = {}): void {
    openConnection(this[kConnection]).drain(deadlineIn(durationOption("timeoutMs", options.timeoutMs, 0)));
  }

  /**
   * Called once for each complete message. Override it, or give it as an option; by default nothing happens.
   *
   * @param data a `Buffer` of your own, or a `string` with the option `encoding`.
   */
  processData(data: MessageOf<Encoding>): void {
    // What the option returns is passed on, so that a promise is noticed.
    return this.#hooks.processData?.(data, this as never);
  }

  /** Called after each pass of the exchange: whether it is over. Override it, or give it as an option. */
  queryDone(): boolean {
    return this.#hooks.queryDone ? this.#hooks.queryDone(this as never) : this[kIsDoneByDefault];
  }

  /** @internal */
  protected abstract readonly [kIsDoneByDefault]: boolean;

  /** Called when the channel is open, before anything is sent or received. */
  onConnect(): void {
    return this.#hooks.onConnect?.(this as never);
  }

  /** Called when the channel is closed and everything is released, with the reason. */
  onClose(reason: CloseReason): void {
    return this.#hooks.onClose?.(this as never, reason);
  }

  /**
   * Called with how many bytes between two messages belonged to neither and were dropped, before the second one is
   * delivered. Only framings whose messages have a start marker count them.
   */
  onDropped(count: number): unknown {
    return (this.#hooks as DroppedHook).onDropped?.(count);
  }

  /** @internal */
  protected [kTellDropped](count: number): void {
    void attempt(
      () => void runHook("onDropped", () => this.onDropped(count)),
      (thrown) => this[kFault](hookError(thrown), throwLater),
    );
  }

  /** Called with a fault that no call was waiting for. */
  onError(error: ChannelError): void {
    this.#hooks.onError?.(error, this as never);
  }

  /** Reports a fault that no call was waiting for to `onError`; else to `otherwise`. @internal */
  protected [kFault](error: ChannelError, otherwise: (error: ChannelError) => void = () => undefined): void {
    const isHooked = this.#hooks.onError !== undefined || this.onError !== BlockingChannel.prototype.onError;
    routeFault(error, [isHooked ? (fault): void => this.onError(fault) : undefined], otherwise);
  }
}

/**
 * The connection of a channel.
 *
 * @throws StateError `ERR_CHANNEL_CLOSED` if the channel is not open.
 */
export function openConnection<Connection>(connection: Connection | undefined): Connection {
  if (connection !== undefined) return connection;
  throw new StateError("ERR_CHANNEL_CLOSED", "the channel is not open", { outcome: "not-sent" });
}

/**
 * Runs a hook of a blocking channel.
 *
 * @throws HookError `ERR_HOOK_FAILED` if it throws.
 * @throws StateError `ERR_ASYNC_HOOK` if it returns a promise.
 */
export function runHook<Result>(name: string, hook: () => Result): Result {
  let result: Result;
  try {
    result = hook();
  } catch (thrown) {
    throw hookError(thrown);
  }
  if (!isPromise(result)) return result;
  // Nobody will ever wait for it.
  result.then(undefined, () => undefined);
  const text = `${name} returned a promise, which a blocking channel cannot wait for: do the work synchronously`;
  throw new StateError("ERR_ASYNC_HOOK", text);
}

/** The moment `timeoutMs` from `now`, on the clock of `performance.now()`; 0 means never. */
export function deadlineIn(timeoutMs: number, now: number = performance.now()): number {
  return timeoutMs === 0 ? Number.POSITIVE_INFINITY : now + timeoutMs;
}
