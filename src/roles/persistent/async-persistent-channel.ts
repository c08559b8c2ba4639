import type { EventEmitter } from "node:events";
import type { DeadlineSettings } from "../../core/channel-settings.ts";
import type { CloseReason } from "../../core/close-reason.ts";
import { type Data, type MessageOf, toBytes } from "../../core/data.ts";
import type { FramingClass } from "../../core/framing.ts";
import { attempt, hookError, isPromise } from "../../core/hooks.ts";
import {
  kAdopt,
  kConnection,
  kFault,
  kIsDoneByDefault,
  kReleased,
  kTakeOver,
  kTellClosed,
} from "../../core/internals.ts";
import { Inbox } from "../../core/messages/inbox.ts";
import { integerOption } from "../../core/options.ts";
import { AsyncChannel, notOpen } from "../../modes/async/async-channel.ts";
import type { AsyncCallOptions, AsyncChannelOptions } from "../../modes/async/async-options.ts";
import type { AsyncTransport } from "../../modes/async/async-transport.ts";
import { AsyncMessageIterator } from "./async-message-iterator.ts";

/** The options of an asynchronous persistent channel. */
export interface AsyncPersistentChannelOptions<Encoding extends BufferEncoding | undefined, Self>
  extends AsyncChannelOptions<Encoding, Self>, DeadlineSettings {
  /**
   * How many messages may wait for an iterator or a listener before the other end has to wait too.
   *
   * @defaultValue 256
   * @group tuning
   */
  maxPendingMessages?: number;
  /**
   * How many bytes of messages may wait for an iterator or a listener before the other end has to wait too. One message
   * more than that can be held.
   *
   * @defaultValue 16777216 (16 MiB)
   */
  maxPendingBytes?: number;
}

const DEFAULT_MAX_PENDING_MESSAGES = 256;
const DEFAULT_MAX_PENDING_BYTES = 16 * 1024 * 1024;

/** What persistent channels have in common, whether they connect or are accepted: full duplex, open until finished. */
export abstract class AsyncPersistentChannel<Encoding extends BufferEncoding | undefined, Link>
  extends AsyncChannel<Encoding, Link>
  implements AsyncIterable<MessageOf<Encoding>>
{
  readonly #hasHook: boolean;
  /** Whether the other end's half-close is only the end of its message. */
  readonly #outlivesHalfClose: boolean;
  readonly #inbox: Inbox<MessageOf<Encoding>>;
  /** How many bytes the message took that is being processed. */
  #size = 0;
  /** Who waits for room in the inbox. */
  readonly #waiters: (() => void)[] = [];

  /** @param options those of the generated class. Called by generated classes, also those of users. */
  protected constructor(options: AsyncPersistentChannelOptions<Encoding, never>, framing: FramingClass) {
    super(options, "persistent", 0, framing);
    const { maxPendingMessages, maxPendingBytes } = options;
    const limits = {
      maxMessages: integerOption("maxPendingMessages", maxPendingMessages, DEFAULT_MAX_PENDING_MESSAGES, 1),
      maxBytes: integerOption("maxPendingBytes", maxPendingBytes, DEFAULT_MAX_PENDING_BYTES, 1),
    };
    this.#hasHook = options.processData !== undefined;
    this.#outlivesHalfClose = framing.boundary === "half-close";
    this.#inbox = new Inbox(limits, {
      hasListeners: () => this.listenerCount("message") > 0,
      emit: (message) => void (this as EventEmitter).emit("message", message),
      roomy: () => this.#makeRoom(),
      lost: (error) => this[kFault](hookError(error)),
    });
    this.#watchListeners();
  }

  get done(): boolean {
    return !this[kConnection]?.isOpen;
  }

  start(data: Data): void {
    if (this[kConnection] === undefined) throw notOpen();
    this[kConnection].send(toBytes(data));
  }

  finish(): void {
    this[kConnection]?.finish(false);
  }

  override close(): Promise<void> {
    if (this[kConnection] === undefined) this.#inbox.end();
    return super.close();
  }

  /**
   * Drops what was received and not yet delivered, messages that wait included; on a serial line also what is in the driver,
   * so that what comes next is the beginning of a message.
   *
   * @throws StateError `ERR_CHANNEL_CLOSED` if the channel is not open.
   * @throws TimeoutError `ERR_WRITE_TIMEOUT` after `timeoutMs`.
   * @throws the `reason` of the signal, if it aborts.
   */
  override flush(options: AsyncCallOptions = {}): Promise<void> {
    this.#inbox.clear();
    return super.flush(options);
  }

  /**
   * Called once for each complete message. Override it, or give it as an option. By default the message goes to an iterator
   * of the channel, alone, if one is open; else to the listeners of `message`; where there are none, it waits.
   *
   * @param data a `Buffer` of your own, or a `string` with the option `encoding`.
   */
  override processData(data: MessageOf<Encoding>): void | Promise<void> {
    if (this.#hasHook) return super.processData(data);
    this.#inbox.push(data, this.#size);
    if (this.#inbox.hasRoom || this[kConnection]?.isGone !== false) return undefined;
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /**
   * The messages of the channel, one by one. Iteration may begin before the channel is open, and ends when it closes, behind
   * the messages that came before; it throws the error if a fault closed the channel. While the loop is busy, a limited
   * number of messages waits, then the other end has to. Leaving the loop leaves the channel open.
   */
  [Symbol.asyncIterator](): AsyncGenerator<MessageOf<Encoding>, void, undefined> {
    return new AsyncMessageIterator(this.#inbox);
  }

  /** @internal */
  override removeAllListeners(event?: never): this {
    super.removeAllListeners(...(event === undefined ? [] : [event]));
    if (event === undefined || event === "newListener") this.#watchListeners();
    return this;
  }

  /** @internal */
  protected [kTakeOver](transport: AsyncTransport<Link>): void {
    this.#inbox.begin();
    const connection = this[kAdopt](transport, {
      deliver: (message, size) => this.#deliver(message, size),
      ended: () => {
        if (!this.#outlivesHalfClose) connection.finish(false, "peer");
      },
      gone: () => this.#makeRoom(),
      closed: (reason) => this.#closed(reason),
    });
  }

  /** @internal */
  protected get [kIsDoneByDefault](): boolean {
    return false;
  }

  /**
   * Called when the connection is gone and everything is released.
   *
   * @returns whether somebody waited who has been told of the error.
   * @internal
   */
  protected abstract [kReleased](reason: CloseReason): boolean;

  #deliver(message: MessageOf<Encoding>, size: number): void | PromiseLike<void> {
    this.#size = size;
    const pending = this.processData(message);
    return isPromise(pending) ? pending.then(() => this.#askDone()) : this.#askDone();
  }

  #askDone(): void | PromiseLike<void> {
    const isDone = this.queryDone();
    if (isPromise(isDone)) {
      return isDone.then((answer) => {
        if (answer) this.finish();
      });
    }
    if (isDone) this.finish();
  }

  #makeRoom(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  #closed(reason: CloseReason): void {
    const { error } = reason;
    const isOpening = this[kReleased](reason);
    const isTold = this.#inbox.end(isOpening ? undefined : error);
    if (error !== undefined && !isOpening && !isTold) this[kFault](error);
    this[kTellClosed](reason);
  }

  /** Gives messages that wait to listeners that come. */
  #watchListeners(): void {
    const failed = (thrown: unknown): void => {
      const error = hookError(thrown);
      if (this[kConnection] === undefined) this[kFault](error);
      else this[kConnection].destroy(error);
    };
    (this as EventEmitter).on("newListener", (added: string | symbol) => {
      // The listener is added after this event.
      if (added === "message") queueMicrotask(() => void attempt(() => this.#inbox.give(), failed));
    });
  }
}
