import { type OpenSettings, framingOf } from "../core/channel-settings.ts";
import { kConnection, kLimits, kReleased, kTakeOver, kTellConnected } from "../core/internals.ts";
import { withCaller } from "../core/error-context.ts";
import { type ChannelError, OpenError, StateError } from "../errors.ts";
import type { AsyncCallOptions } from "../modes/async-options.ts";
import { AsyncOpener } from "../modes/async-opener.ts";
import type { AsyncConnect } from "../modes/async-transport.ts";
import { AsyncPersistentChannel, type AsyncPersistentChannelOptions } from "./async-persistent-channel.ts";

/** The options of an asynchronous persistent channel that connects. */
export interface AsyncPersistentOptions<Encoding extends BufferEncoding | undefined, Self>
  extends AsyncPersistentChannelOptions<Encoding, Self>, OpenSettings {}

/**
 * A full-duplex channel: reads and writes are independent and may come in any order, until `finish()` or `close()`.
 * Send with `start()`; receive with `processData`, the event `message`, or `for await`.
 *
 * @phrase sends and receives independently, in full duplex
 * @example
 * import { {{Class}} } from "{{package}}";
 *
 * const channel = new {{Class}}({ {{address}} });
 * await channel.connect();
 * channel.start("hello");
 * for await (const message of channel) console.log(message.toString());
 */
export abstract class AsyncPersistent<Encoding extends BufferEncoding | undefined, Link> extends AsyncPersistentChannel<
  Encoding,
  Link
> {
  static readonly mode = "async";
  static readonly className = "Persistent*";
  static readonly opens = "connect";
  /** Opens the device of this class. */
  static readonly open: AsyncConnect<never, unknown>;
  readonly #opener: AsyncOpener<Link>;
  #opening: Promise<void> | undefined;
  /** Set while the device is open and `onConnect` is not through. */
  #failOpening: ((reason: unknown) => void) | undefined;

  /** @param options those of the generated class. Called by generated classes, also those of users. */
  protected constructor(options: AsyncPersistentOptions<Encoding, never>) {
    super(options, framingOf(new.target));
    this.#opener = new AsyncOpener(new.target.open as AsyncConnect<never, Link>, options);
  }

  /**
   * Opens the channel. Does nothing if it is open.
   *
   * @returns a promise that resolves when the channel is open and `onConnect` is through.
   * @throws OpenError `ERR_CONNECT_REFUSED`, `ERR_PORT_NOT_FOUND` and others, if it cannot be opened.
   * @throws the `reason` of the signal, if it aborts.
   */
  async connect(options: AsyncCallOptions = {}): Promise<void> {
    const { signal, timeoutMs = 0 } = options;
    signal?.throwIfAborted();
    if (this[kConnection] !== undefined && this.#failOpening === undefined) return;
    const cancel = (): void => this.#cancel(signal?.reason);
    const expire = (): void =>
      this.#cancel(new OpenError("ERR_CONNECT_TIMEOUT", `the channel was not open after ${timeoutMs} ms`));
    const timer = timeoutMs === 0 ? undefined : setTimeout(expire, timeoutMs);
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      this.#opening ??= this.#open();
      await withCaller(this.#opening, this[kLimits].peer);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
    }
  }

  override close(): Promise<void> {
    const text = "the channel was closed while it was being opened";
    this.#cancel(new StateError("ERR_CHANNEL_CLOSED", text, { outcome: "not-sent" }));
    return super.close();
  }

  /** @internal */
  protected [kReleased](error: ChannelError | undefined): boolean {
    this.#failOpening?.(
      error ?? new StateError("ERR_CHANNEL_CLOSED", "the channel was closed while it was being opened"),
    );
    return this.#failOpening !== undefined;
  }

  /** Ends an opening that is under way: its callers get `reason`. */
  #cancel(reason: unknown): void {
    this.#opener.cancel(reason);
    this.#failOpening?.(reason);
    if (this.#failOpening !== undefined) this[kConnection]?.destroy();
  }

  async #open(): Promise<void> {
    try {
      const transport = await this.#opener.open();
      await new Promise<void>((resolve, reject) => {
        this.#failOpening = reject;
        this[kTakeOver](transport);
        // The hook runs with the channel open, so that it can send; messages wait until it is through.
        this[kConnection]?.beginAfter(() => {
          const pending = this[kTellConnected]();
          return pending === undefined ? resolve() : pending.then(resolve);
        });
      });
    } finally {
      this.#opening = undefined;
      this.#failOpening = undefined;
    }
  }
}
