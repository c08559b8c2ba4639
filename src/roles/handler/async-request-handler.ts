import {
  ACCEPTED_IDLE_TIMEOUT_MS,
  type DeadlineSettings,
  framingOf,
  type ReplySettings,
} from "../../core/channel-settings.ts";
import type { CloseReason } from "../../core/close-reason.ts";
import { type Data, type MessageOf, toBytes } from "../../core/data.ts";
import type { FramingClass } from "../../core/framing.ts";
import { booleanOption } from "../../core/options.ts";
import type { ChannelError } from "../../errors.ts";
import { AsyncChannel, notOpen } from "../../modes/async/async-channel.ts";
import type { AsyncChannelOptions } from "../../modes/async/async-options.ts";
import { after, isPromise } from "../../core/hooks.ts";
import {
  kAdopt,
  kConnection,
  kFault,
  kIsDoneByDefault,
  kTellClosed,
  kTellConnected,
  kUnhandled,
} from "../../core/internals.ts";
import type { AsyncTransport } from "../../modes/async/async-transport.ts";
import { attach, type AsyncHandlerOwner } from "../../modes/async/attachment.ts";

/** The options of an asynchronous request handler. A server passes its own options of these names on, hooks aside. */
export interface AsyncRequestHandlerOptions<Encoding extends BufferEncoding | undefined, Self>
  extends AsyncChannelOptions<Encoding, Self>, DeadlineSettings, ReplySettings {}

/**
 * Serves one connection of a server: reads a request, calls `processData`, sends what was `start()`ed meanwhile, and goes
 * on until the other end closes, `finish()` is called, or `queryDone()` says so. Extend it, override `processData`, and
 * give the class to a server of the same framing.
 *
 * @phrase serves the requests of one connection
 * @example
 * import { {{Class}}, {{Server}} } from "{{package}}";
 *
 * class Echo extends {{Class}} {
 *   override processData(data: Buffer): void {
 *     this.start(data);
 *   }
 * }
 * await new {{Server}}({ {{address}}, handler: Echo }).serveForever();
 */
export abstract class AsyncRequestHandler<Encoding extends BufferEncoding | undefined, Link> extends AsyncChannel<
  Encoding,
  Link
> {
  static readonly mode = "async";
  static readonly className = "BaseRequestHandler";
  static readonly opens = "nothing";

  /** Whether the channel stays open for further requests after an answer. */
  readonly keepAlive: boolean;
  #owner: AsyncHandlerOwner<this> | undefined;
  #pass: "none" | "under way" | "last" = "none";

  /** @param options those of the generated class. Called by generated classes, also those of users. */
  protected constructor(
    options: AsyncRequestHandlerOptions<Encoding, never> = {},
    framing: FramingClass = framingOf(new.target),
  ) {
    super(options, "server", ACCEPTED_IDLE_TIMEOUT_MS, framing);
    this.keepAlive = booleanOption("keepAlive", options.keepAlive, framing.boundary === "message");
  }

  get done(): boolean {
    return this.#pass === "last" || !this[kConnection]?.isOpen;
  }

  start(data: Data): void {
    if (this[kConnection] === undefined) throw notOpen();
    this[kConnection].send(toBytes(data));
  }

  finish(): void {
    if (this.#pass === "none") this[kConnection]?.finish(true);
    else this.#pass = "last";
  }

  /** @internal */
  [attach](transport: AsyncTransport<Link>, owner: AsyncHandlerOwner<this>): void {
    this.#owner = owner;
    const connection = this[kAdopt](transport, {
      deliver: (message) => this.#serve(message),
      ended: () => connection.finish(true, "peer"),
      closed: (reason) => this.#closed(reason),
    });
    const connected = (): unknown => (connection.isOpen ? this[kTellConnected]() : undefined);
    connection.beginAfter(() => after(owner.accepted(this), connected));
  }

  /** @internal */
  protected get [kIsDoneByDefault](): boolean {
    return !this.keepAlive;
  }

  /** @internal */
  protected override [kUnhandled](error: ChannelError): void {
    this.#owner?.handlerFailed(error, this);
  }

  /** One pass: a request, its processing, its answers. Without promises where no hook returns one. */
  #serve(message: MessageOf<Encoding>): void | PromiseLike<void> {
    this.#pass = "under way";
    const pending = this.processData(message);
    return isPromise(pending) ? pending.then(() => this.#askDone()) : this.#askDone();
  }

  #askDone(): void | PromiseLike<void> {
    const isDone = this.queryDone();
    return isPromise(isDone) ? isDone.then((answer) => this.#endPass(answer)) : this.#endPass(isDone);
  }

  #endPass(isDone: boolean): void {
    const isLast = isDone || this.#pass === "last";
    this.#pass = "none";
    if (isLast) this[kConnection]?.finish(true);
  }

  #closed(reason: CloseReason): void {
    if (reason.error !== undefined) this[kFault](reason.error);
    this[kTellClosed](reason);
    this.#owner?.handlerClosed(this, reason);
  }
}
