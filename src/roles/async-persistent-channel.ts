import type { DeadlineSettings } from "../core/channel-settings.ts";
import type { EventEmitter } from "node:events";
import type { MessageOf } from "../core/data.ts";
import { type Data, toBytes } from "../core/data.ts";
import type { FramingClass } from "../core/framing.ts";
import { MessageInbox } from "../core/message-inbox.ts";
import { integerOption } from "../core/options.ts";
import type { ChannelError } from "../errors.ts";
import { AsyncChannel, notOpen } from "../modes/async.ts";
import type { AsyncChannelOptions } from "../modes/async-options.ts";
import { hookError, isPromise } from "../core/hooks.ts";
import { kAdopt, kTakeOver, kConnection, kFault, kIsDoneByDefault, kReleased, kTellClosed } from "../core/internals.ts";
import type { AsyncTransport } from "../modes/async-transport.ts";

/** The options of an asynchronous persistent channel. */
export interface AsyncPersistentChannelOptions<Encoding extends BufferEncoding | undefined, Self>
  extends AsyncChannelOptions<Encoding, Self>, DeadlineSettings {
  /**
   * How many messages may wait for an iterator of the channel before the other end has to wait too.
   *
   * @defaultValue 256
   * @group tuning
   */
  maxPendingMessages?: number;
}

const DEFAULT_MAX_PENDING_MESSAGES = 256;

/** What persistent channels have in common, whether they connect or are accepted: full duplex, open until finished. */
export abstract class AsyncPersistentChannel<Encoding extends BufferEncoding | undefined, Link>
  extends AsyncChannel<Encoding, Link>
  implements AsyncIterable<MessageOf<Encoding>>
{
  readonly #maxPendingMessages: number;
  readonly #hasHook: boolean;
  /** Whether the other end's half-close is only the end of its message. */
  readonly #outlivesHalfClose: boolean;
  #inbox: MessageInbox<MessageOf<Encoding>>;
  #iterators = 0;
  #isFinishing = false;

  /** @param options those of the generated class. Called by generated classes, also those of users. */
  protected constructor(options: AsyncPersistentChannelOptions<Encoding, never>, framing: FramingClass) {
    super(options, "persistent", 0, framing);
    this.#maxPendingMessages = integerOption(
      "maxPendingMessages",
      options.maxPendingMessages,
      DEFAULT_MAX_PENDING_MESSAGES,
      1,
    );
    this.#hasHook = options.processData !== undefined;
    this.#outlivesHalfClose = framing.boundary === "half-close";
    this.#inbox = new MessageInbox(this.#maxPendingMessages);
    // Messages that came before there was anybody to hear them.
    onListener(this, "message", () => this.#deliverWaiting());
  }

  get done(): boolean {
    return this.#isFinishing || !this[kConnection]?.isOpen;
  }

  start(data: Data): void {
    if (this[kConnection] === undefined) throw notOpen();
    this[kConnection].send(toBytes(data));
  }

  finish(): void {
    if (this.#isFinishing || this[kConnection] === undefined) return;
    this.#isFinishing = true;
    this[kConnection].finish(false);
  }

  close(): Promise<void> {
    const connection = this[kConnection];
    connection?.destroy();
    return connection?.released ?? Promise.resolve();
  }

  /**
   * Called once for each complete message. Override it, or give it as an option. By default the message goes to the
   * iterators of the channel and the listeners of `message`; where there are neither yet, it waits for them.
   *
   * @param data a `Buffer` of your own, or a `string` with the option `encoding`.
   */
  override processData(data: MessageOf<Encoding>): void | Promise<void> {
    const isHeard = this.#hasHook || this.listenerCount("message") > 0;
    const handled = isHeard ? super.processData(data) : undefined;
    const stored = isHeard && this.#iterators === 0 ? undefined : this.#inbox.push(data);
    if (isPromise(handled) && isPromise(stored)) return Promise.all([handled, stored]).then(() => undefined);
    return handled ?? stored;
  }

  /**
   * The messages of the channel, one by one. While the loop is busy with one, a limited number waits, then the other end
   * has to. The loop ends when the channel closes, and throws the error if a fault closed it. Leaving the loop leaves the
   * channel open.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<MessageOf<Encoding>, void, undefined> {
    const inbox = this.#inbox;
    this.#iterators++;
    try {
      for (let next = await inbox.next(); next.done !== true; next = await inbox.next()) yield next.value;
    } finally {
      this.#iterators--;
    }
  }

  /** @internal */
  protected [kTakeOver](transport: AsyncTransport<Link>): void {
    this.#isFinishing = false;
    this.#inbox = new MessageInbox(this.#maxPendingMessages);
    const connection = this[kAdopt](transport, {
      deliver: (message) => this.#deliver(message),
      ended: () => {
        if (!this.#outlivesHalfClose) connection.finish(false);
      },
      report: (error) => this[kFault](error),
      closed: (error) => this.#closed(error),
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
  protected abstract [kReleased](error: ChannelError | undefined): boolean;

  #deliver(message: MessageOf<Encoding>): void | PromiseLike<void> {
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

  #deliverWaiting(): void {
    if (this.#iterators > 0) return;
    for (const message of this.#inbox.drain()) {
      const pending = super.processData(message);
      if (isPromise(pending)) pending.then(undefined, (error: unknown) => this[kFault](hookError(error)));
    }
  }

  #closed(error: ChannelError | undefined): void {
    this[kConnection] = undefined;
    const isIterated = this.#iterators > 0;
    this.#inbox.end(isIterated ? error : undefined);
    const isTold = this[kReleased](error) || isIterated;
    if (error !== undefined && !isTold) this[kFault](error);
    this[kTellClosed]();
  }
}

/** Runs `action` soon after a listener of `event` was added. */
function onListener(emitter: unknown, event: string, action: () => void): void {
  (emitter as EventEmitter).on("newListener", (added: string | symbol) => {
    if (added === event) queueMicrotask(action);
  });
}
