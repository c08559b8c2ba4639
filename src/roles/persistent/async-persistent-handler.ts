import { after } from "../../core/hooks.ts";
import { framingOf } from "../../core/channel-settings.ts";
import type { CloseReason } from "../../core/close-reason.ts";
import type { FramingClass } from "../../core/framing.ts";
import { kTakeOver, kConnection, kReleased, kTellClosed, kTellConnected, kUnhandled } from "../../core/internals.ts";
import type { ChannelError } from "../../errors.ts";
import type { AsyncTransport } from "../../modes/async/async-transport.ts";
import { attach, type AsyncHandlerOwner } from "../../modes/async/attachment.ts";
import { AsyncPersistentChannel, type AsyncPersistentChannelOptions } from "./async-persistent-channel.ts";

/**
 * Serves one connection of a server in full duplex: reads and writes are independent and may come in any order, until
 * `finish()` or `close()`. Extend it, override `processData`, and give the class to a server of the same framing.
 *
 * @phrase serves one full-duplex connection
 * @example
 * import { {{Class}}, {{Server}} } from "{{package}}";
 *
 * class Greeter extends {{Class}} {
 *   override onConnect(): void {
 *     this.start("hello");
 *   }
 * }
 * await new {{Server}}({ {{address}}, handler: Greeter }).serveForever();
 */
export abstract class AsyncPersistentHandler<
  Encoding extends BufferEncoding | undefined,
  Link,
> extends AsyncPersistentChannel<Encoding, Link> {
  static readonly mode = "async";
  static readonly className = "PersistentRequestHandler";
  static readonly opens = "nothing";
  #owner: AsyncHandlerOwner<this> | undefined;
  #isAccepted = false;

  /** @param options those of the generated class. Called by generated classes, also those of users. */
  protected constructor(
    options: AsyncPersistentChannelOptions<Encoding, never> = {},
    framing: FramingClass = framingOf(new.target),
  ) {
    super(options, framing);
  }

  override finish(): void {
    // Before the connection was accepted, finishing refuses it: nothing that it sends is processed.
    if (this.#isAccepted) super.finish();
    else this[kConnection]?.finish(true);
  }

  /** @internal */
  [attach](transport: AsyncTransport<Link>, owner: AsyncHandlerOwner<this>): void {
    this.#owner = owner;
    this[kTakeOver](transport);
    const connection = this[kConnection];
    const accepted = (): unknown => {
      this.#isAccepted = true;
      return connection?.isOpen ? this[kTellConnected]() : undefined;
    };
    connection?.beginAfter(() => after(owner.accepted(this), accepted));
  }

  /** @internal */
  protected override [kUnhandled](error: ChannelError): void {
    this.#owner?.handlerFailed(error, this);
  }

  /** @internal */
  protected [kReleased](): boolean {
    return false;
  }

  /** @internal */
  protected override [kTellClosed](reason: CloseReason): void {
    super[kTellClosed](reason);
    this.#owner?.handlerClosed(this, reason);
  }
}
