import { type OpenSettings, framingOf } from "../../core/channel-settings.ts";
import type { CloseReason } from "../../core/close-reason.ts";
import { publishState } from "../../core/diagnostics.ts";
import { after } from "../../core/hooks.ts";
import { kConnection, kSettings, kReleased, kTakeOver, kTellConnected } from "../../core/internals.ts";
import { withCaller } from "../../core/error-context.ts";
import { durationOption } from "../../core/options.ts";
import { SharedWork, withDeadline } from "../../core/with-deadline.ts";
import { OpenError, StateError } from "../../errors.ts";
import type { AsyncCallOptions } from "../../modes/async/async-options.ts";
import { AsyncOpener } from "../../modes/async/async-opener.ts";
import type { AsyncConnect, AsyncTransport } from "../../modes/async/async-transport.ts";
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
  #opening: Opening | undefined;

  /** @param options those of the generated class. Called by generated classes, also those of users. */
  protected constructor(options: AsyncPersistentOptions<Encoding, never>) {
    super(options, framingOf(new.target));
    this.#opener = new AsyncOpener(new.target.open as AsyncConnect<never, Link>, options);
  }

  /**
   * Opens the channel. Does nothing if it is open; if it is closing, waits for the end, and opens it again. Several callers
   * share one attempt, which ends when the last of them gives up.
   *
   * @returns a promise that resolves when the channel is open and `onConnect` is done.
   * @throws OpenError `ERR_CONNECT_REFUSED`, `ERR_PORT_NOT_FOUND` and others, if it cannot be opened;
   * `ERR_CONNECT_TIMEOUT` after `timeoutMs`.
   * @throws the `reason` of the signal, if it aborts.
   */
  async connect(options: AsyncCallOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    durationOption("timeoutMs", options.timeoutMs, 0);
    if (this.#opening === undefined && this[kConnection]?.isOpen) return;
    this.#opening ??= this.#begin();
    await withCaller(this.#opening.work.withDeadline(options, notOpenInTime), this[kSettings].peer);
  }

  override close(): Promise<void> {
    this.#opening?.abort.abort(closedWhileOpening());
    return super.close();
  }

  /** @internal */
  protected [kReleased]({ error }: CloseReason): boolean {
    const opening = this.#opening;
    if (opening?.fail === undefined) return false;
    opening.fail(opening.abort.signal.aborted ? opening.abort.signal.reason : (error ?? closedWhileOpening()));
    return true;
  }

  #begin(): Opening {
    const abort = new AbortController();
    const work = new SharedWork(this.#open(abort.signal), (reason) => abort.abort(reason));
    return { abort, work, fail: undefined };
  }

  async #open(signal: AbortSignal): Promise<void> {
    const cancel = (): void => {
      this.#opener.cancel(signal.reason);
      this[kConnection]?.destroy();
    };
    try {
      // The last connection may be closing.
      while (this[kConnection] !== undefined) await withDeadline(this[kConnection].released, { signal }, notOpenInTime);
      signal.throwIfAborted();
      publishState(this, "closed", "opening");
      signal.addEventListener("abort", cancel, { once: true });
      const transport = await this.#opener.open();
      await this.#prepare(transport);
    } finally {
      signal.removeEventListener("abort", cancel);
      this.#opening = undefined;
    }
  }

  /** The hook runs with the channel open, so that it can send; messages wait until it is done. */
  #prepare(transport: AsyncTransport<Link>): Promise<void> {
    return new Promise((resolve, reject) => {
      const opening = this.#opening;
      if (opening !== undefined) opening.fail = reject;
      const done = (): void => {
        if (opening !== undefined) opening.fail = undefined;
        resolve();
      };
      this[kTakeOver](transport);
      this[kConnection]?.beginAfter(() => after(this[kTellConnected](), done));
    });
  }
}

/** An attempt to open the channel. */
interface Opening {
  readonly abort: AbortController;
  readonly work: SharedWork<void>;
  /** Set while the device is open and `onConnect` is not done. */
  fail: ((reason: unknown) => void) | undefined;
}

function closedWhileOpening(): StateError {
  const text = "the channel was closed while it was being opened";
  return new StateError("ERR_CHANNEL_CLOSED", text, { outcome: "not-sent" });
}

function notOpenInTime(timeoutMs: number): OpenError {
  return new OpenError("ERR_CONNECT_TIMEOUT", `the channel was not open after ${timeoutMs} ms`, {
    outcome: "not-sent",
  });
}
