import {
  ACCEPTED_IDLE_TIMEOUT_MS,
  type DeadlineSettings,
  framingOf,
  type ReplySettings,
} from "../../core/channel-settings.ts";
import type { CloseReason } from "../../core/close-reason.ts";
import { type Data, type MessageOf, toBytes } from "../../core/data.ts";
import { namePeer, peerName } from "../../core/error-context.ts";
import type { FramingClass } from "../../core/framing.ts";
import { hookError } from "../../core/hooks.ts";
import { kCloseFor, kConnection, kFault, kIsDoneByDefault, kSettings, kTellDropped } from "../../core/internals.ts";
import { booleanOption } from "../../core/options.ts";
import type { ChannelError } from "../../errors.ts";
import { BlockingChannel, openConnection, runHook } from "../../modes/blocking/blocking-channel.ts";
import { BlockingConnection } from "../../modes/blocking/blocking-connection.ts";
import type { BlockingChannelOptions } from "../../modes/blocking/blocking-options.ts";
import type { BlockingTransport } from "../../modes/blocking/blocking-transport.ts";
import { serve, type BlockingHandlerOwner } from "../../modes/blocking/serving.ts";

/** The options of a blocking request handler. A server passes its own options of these names on, hooks aside. */
export interface BlockingRequestHandlerOptions<Encoding extends BufferEncoding | undefined, Self>
  extends BlockingChannelOptions<Encoding, Self>, DeadlineSettings, ReplySettings {}

/**
 * Serves one connection in a plain loop: reads a request, calls `processData`, sends what was `start()`ed meanwhile, and
 * goes on until the other end closes, `finish()` is called, or `queryDone()` says so. It may block wherever it wants.
 *
 * @phrase serves the requests of one connection
 * @example
 * import { {{Class}} } from "{{package}}";
 *
 * export default class Echo extends {{Class}} {
 *   override processData(data: Buffer): void {
 *     this.start(data);
 *   }
 * }
 */
export abstract class BlockingRequestHandler<Encoding extends BufferEncoding | undefined, Link> extends BlockingChannel<
  Encoding,
  Link
> {
  static readonly mode = "blocking";
  static readonly className = "BaseRequestHandler";
  static readonly opens = "nothing";

  /** Whether the channel stays open for further requests after an answer. */
  readonly keepAlive: boolean;
  #isFinishing = false;

  /** @param options those of the generated class. Called by generated classes, also those of users. */
  protected constructor(
    options: BlockingRequestHandlerOptions<Encoding, never> = {},
    framing: FramingClass = framingOf(new.target),
  ) {
    super(options, "server", ACCEPTED_IDLE_TIMEOUT_MS, framing);
    this.keepAlive = booleanOption("keepAlive", options.keepAlive, framing.boundary === "message");
  }

  get done(): boolean {
    return this.#isFinishing || this[kConnection] === undefined;
  }

  start(data: Data): void {
    openConnection(this[kConnection]).queue(toBytes(data));
  }

  finish(): void {
    this.#isFinishing = true;
  }

  override close(): void {
    this.#isFinishing = true;
    super.close();
  }

  /** @internal */
  [serve](transport: BlockingTransport<Link>, owner: BlockingHandlerOwner): CloseReason {
    let reason: CloseReason = { by: "self" };
    // A hook of the server may have closed the channel before it was open.
    if (this.#isFinishing) {
      transport.close();
      return reason;
    }
    const connection = new BlockingConnection<MessageOf<Encoding>, Link>(
      transport,
      this[kSettings],
      (error) => void this.#fault(error, owner),
      (count) => this[kTellDropped](count),
    );
    this[kConnection] = connection;
    try {
      runHook("onConnect", () => this.onConnect());
      connection.send(Number.POSITIVE_INFINITY);
      const hasEnded = this.#serveAll(owner);
      if (!this.closed) {
        reason = { by: hasEnded ? "peer" : connection.endedBy };
        connection.drain(Number.POSITIVE_INFINITY);
        transport.leave();
      }
    } catch (thrown) {
      // A serial line that hangs up between two messages has just ended.
      const error = hookError(thrown);
      const isEnd = error.code === "ERR_PORT_DISCONNECTED" && !connection.isMidTransfer;
      reason = isEnd ? { by: "peer" } : { by: "fault", error: this.#fault(error, owner) };
    } finally {
      this.#isFinishing = true;
      this[kCloseFor](reason);
    }
    return reason;
  }

  /** @internal */
  protected get [kIsDoneByDefault](): boolean {
    return !this.keepAlive;
  }

  /** @returns whether the other end has closed. */
  #serveAll({ keepRunning }: BlockingHandlerOwner): boolean {
    const keepWaiting = keepRunning && ((): boolean => !this.#isFinishing && keepRunning());
    const waiting = keepWaiting === undefined ? {} : { keepWaiting };
    // A hook may close the channel at any point.
    while (!this.#isFinishing && this[kConnection] !== undefined) {
      const message = this[kConnection].receive(waiting);
      if (message === undefined) return this[kConnection].isOver;
      runHook("processData", () => this.processData(message));
      this[kConnection]?.send(Number.POSITIVE_INFINITY);
      if (runHook("queryDone", () => this.queryDone())) return false;
      this[kConnection]?.send(Number.POSITIVE_INFINITY);
    }
    return false;
  }

  /** @returns the error, which names the other end. */
  #fault(error: ChannelError, owner: BlockingHandlerOwner): ChannelError {
    const named = namePeer(error, peerName(this[kConnection]?.transport.link, this[kSettings].peer));
    this[kFault](named, (unhandled) => owner.failed(unhandled));
    return named;
  }
}
