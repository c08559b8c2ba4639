import { onAbort } from "../../core/abort-watch.ts";
import { checkSettings, framingOf } from "../../core/channel-settings.ts";
import type { CloseReason } from "../../core/close-reason.ts";
import { type Data, toBytes } from "../../core/data.ts";
import { publishState } from "../../core/diagnostics.ts";
import { addressName, withCaller } from "../../core/error-context.ts";
import type { Framing, FramingClass } from "../../core/framing.ts";
import { checkHandler, SERVER_HOOKS } from "../../core/handler-class.ts";
import { hookError } from "../../core/hooks.ts";
import { durationOption, optionsObject } from "../../core/options.ts";
import { SharedWork, withDeadline } from "../../core/with-deadline.ts";
import { kFault, kGuard, kIsAsked } from "../../core/internals.ts";
import { ServerError, StateError } from "../../errors.ts";
import type { AsyncCallOptions } from "../../modes/async/async-options.ts";
import type {
  AsyncListen,
  AsyncListener,
  AsyncTransport,
  ListenAddress,
  ListenerEvents,
} from "../../modes/async/async-transport.ts";
import { type Attachable, attach, type AsyncHandlerOwner } from "../../modes/async/attachment.ts";
import { HookedHandler } from "../handler/async-hooked-handler.ts";
import type { AsyncRequestHandlerOptions } from "../handler/async-request-handler.ts";
import { AsyncServerHooks, fire } from "./async-server-hooks.ts";
import type { AsyncHandler, AsyncServerOptions, AsyncServerStats, ServerCloseOptions } from "./async-server-options.ts";

/** How often `keepRunning` is asked. */
const ASK_INTERVAL_MS = 100;

/**
 * Serves any number of connections at once: each is given to a handler of its own. On a serial line, where there is one
 * connection, the server has done its work when the line ends or the handler finishes.
 *
 * @phrase serves requests
 * @example
 * import { {{Class}} } from "{{package}}";
 *
 * const server = new {{Class}}({
 *   {{address}},
 *   processData(data, channel) {
 *     channel.start(data);
 *   },
 * });
 * await server.serveForever();
 */
export abstract class AsyncServer<Encoding extends BufferEncoding | undefined, Link> extends AsyncServerHooks<
  Encoding,
  Link
> {
  static readonly mode = "async";
  static readonly className = "*Server";
  static readonly opens = "listen";
  /** The framing of this class. */
  static readonly framing: FramingClass;
  /** Opens the device of this class. */
  static readonly open: AsyncListen<never, unknown>;

  readonly #options: AsyncServerOptions<Encoding, Link, unknown, never>;
  readonly #framing: FramingClass;
  readonly #makeFraming: () => Framing;
  readonly #open: (events: ListenerEvents<Link>) => Promise<AsyncListener>;
  readonly #channels = new Set<AsyncHandler<Encoding, Link>>();
  #state: ServerState = { kind: "closed" };
  #accepted = 0;
  #dropped = 0;
  #closedListeners: (() => void)[] = [];

  /** @param given those of the generated class. Called by generated classes, also those of users. */
  protected constructor(given: AsyncServerOptions<Encoding, Link, unknown, never>) {
    const options = optionsObject(given);
    super(options);
    this.#framing = framingOf(new.target);
    this.#open = (new.target.open as AsyncListen<never, Link>)(options as never);
    this.#options = options;
    checkHandler(options, this.#framing, attach, "asynchronous");
    // Wrong options of the handlers are told now, not when the first connection is there.
    void new HookedHandler<Encoding, Link>(this.#handlerOptions(), this.#framing, this);
    this.#makeFraming = checkSettings(options, "server", this.#framing, 0).makeFraming;
  }

  /** Whether the server does not listen and has no connection. */
  get closed(): boolean {
    return this.#state.kind === "closed";
  }

  /** Whether the server accepts no more connections. */
  get done(): boolean {
    return this.#state.kind !== "listening" && this.#state.kind !== "opening";
  }

  /** The channels that are open at the moment. */
  get channels(): ReadonlySet<AsyncHandler<Encoding, Link>> {
    return this.#channels;
  }

  /** What the server has done so far. */
  stats(): AsyncServerStats {
    return { open: this.#channels.size, accepted: this.#accepted, dropped: this.#dropped };
  }

  /**
   * Where the server listens: with the real port if `port: 0` was asked for.
   *
   * @throws StateError `ERR_CHANNEL_CLOSED` if it does not listen.
   */
  address(): ListenAddress {
    if (this.#state.kind === "listening" || this.#state.kind === "finishing") return this.#state.listener.address;
    throw new StateError("ERR_CHANNEL_CLOSED", "the server does not listen: call listen() or serveForever() first");
  }

  /**
   * Binds the address and begins to serve; does nothing if the server listens. A server that was closed can listen again; one
   * that is closing does so when it is closed. Several callers share one attempt, which ends when the last of them gives up.
   *
   * @returns a promise that resolves when connections are accepted and `serverStart` is done.
   * @throws ServerError `ERR_ADDRESS_IN_USE`, `ERR_ADDRESS_UNAVAILABLE`, `ERR_LISTEN_FAILED`.
   * @throws OpenError `ERR_PORT_NOT_FOUND` and others, for serial ports.
   * @throws the `reason` of the signal, if it aborts; ServerError `ERR_LISTEN_FAILED` after `timeoutMs`. The server is
   * closed then.
   */
  async listen(options: AsyncCallOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    durationOption("timeoutMs", options.timeoutMs, 0);
    while (this.#state.kind === "finishing") await withDeadline(this.#whenClosed(), options, notListening);
    if (this.#state.kind === "closed") this.#enter(this.#startListening());
    if (this.#state.kind !== "opening") return;
    await withCaller(this.#state.opening.withDeadline(options, notListening), addressName(this.#options));
  }

  /**
   * Listens, if it does not yet, and serves until the server is closed, `keepRunning()` says no, or the signal aborts.
   *
   * @param options with `timeoutMs`, the server closes after that time, and the promise resolves.
   * @returns a promise that resolves when the server is closed and everything is released.
   * @throws as {@link listen}.
   * @throws the `reason` of the signal, if it aborts; the server is closed then.
   */
  async serveForever(options: AsyncCallOptions = {}): Promise<void> {
    const { signal } = options;
    const timeoutMs = durationOption("timeoutMs", options.timeoutMs, 0);
    signal?.throwIfAborted();
    const stop = (): void => void this.close();
    const unwatch = signal === undefined ? undefined : onAbort(signal, stop);
    const timer = timeoutMs === 0 ? undefined : setTimeout(stop, timeoutMs);
    const asking = this[kIsAsked] ? setInterval(() => this.#askRunning(), ASK_INTERVAL_MS) : undefined;
    try {
      await this.listen();
      if (!this.closed) await this.#whenClosed();
      signal?.throwIfAborted();
    } finally {
      clearTimeout(timer);
      clearInterval(asking);
      unwatch?.();
    }
  }

  /**
   * Queues data to be sent on every open channel. A channel that cannot take it does not keep it from the others: its error
   * is reported to `onError`, with the channel.
   *
   * @throws FramingError if the framing cannot carry the data, OptionsError if it is neither a string nor bytes; nothing is
   * sent then.
   */
  start(data: Data): void {
    const payload = toBytes(data);
    this.#makeFraming().encode(payload);
    for (const channel of this.#channels) {
      if (channel.done) continue;
      void this[kGuard](() => channel.start(payload), channel);
    }
  }

  /** Stops accepting, and closes once what is under way on each channel is complete. */
  finish(): void {
    if (this.#state.kind !== "listening") return;
    const { listener } = this.#state;
    this.#enter({ kind: "finishing", listener, released: listener.close() });
    for (const channel of this.#channels) channel.finish();
    void this.#closeIfEmpty();
  }

  /**
   * Stops accepting and closes all connections; with `drainTimeoutMs`, after what is under way on them. May be called
   * again at any time.
   *
   * @returns a promise that resolves when everything is released; it never rejects.
   */
  async close(options: ServerCloseOptions = {}): Promise<void> {
    const drainTimeoutMs = durationOption("drainTimeoutMs", options.drainTimeoutMs, 0);
    if (this.#state.kind === "opening") await this.#state.bound.catch(() => undefined);
    if (this.#state.kind === "closed") return;
    this.finish();
    const closed = this.#whenClosed();
    const closeAll = (): void => {
      for (const channel of this.#channels) void channel.close();
    };
    const timer = drainTimeoutMs === 0 ? closeAll() : setTimeout(closeAll, drainTimeoutMs);
    await closed;
    clearTimeout(timer as NodeJS.Timeout | undefined);
  }

  /** The same as {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #startListening(): ServerState {
    const bound = this.#bind();
    const started = bound.then(() => {
      const pending = this[kGuard](() => this.serverStart());
      void this[kGuard](() => fire(this, "listening"));
      return pending;
    });
    const opening = new SharedWork<unknown>(started, () => void this.close());
    return { kind: "opening", bound, opening };
  }

  async #bind(): Promise<void> {
    try {
      const listener = await this.#open({
        accepted: (transport) => this.#accept(transport),
        dropped: () => this.#drop(),
        failed: (error) => this[kFault](error, undefined),
      });
      this.#enter({ kind: "listening", listener });
    } catch (error) {
      this.#enter({ kind: "closed" });
      throw error;
    }
  }

  #accept(transport: AsyncTransport<Link>): void {
    if (this.#state.kind !== "listening") {
      abandon(transport);
      return;
    }
    this.#accepted++;
    const isOneOfMany = this.#state.listener.acceptsMany;
    let handler: AsyncHandler<Encoding, Link>;
    try {
      handler = this.#makeHandler(isOneOfMany ? {} : { idleTimeoutMs: this.#options.idleTimeoutMs ?? 0 });
    } catch (thrown) {
      abandon(transport);
      this[kFault](hookError(thrown), undefined);
      return;
    }
    this.#channels.add(handler);
    const owner: AsyncHandlerOwner<unknown> = {
      accepted: () => {
        const pending = this[kGuard](() => this.onAccept(handler), handler);
        void this[kGuard](() => fire(this, "accept", handler), handler);
        return pending;
      },
      handlerFailed: (error) => this[kFault](error, handler),
      handlerClosed: (_, reason) => this.#handlerClosed(handler, reason),
    };
    (handler as Attachable<Link>)[attach](transport, owner);
  }

  #makeHandler(extra: { idleTimeoutMs?: number }): AsyncHandler<Encoding, Link> {
    const options = { ...this.#handlerOptions(), ...extra };
    const { handler: Handler } = this.#options;
    return Handler === undefined
      ? new HookedHandler<Encoding, Link>(options, this.#framing, this)
      : new Handler(options as never);
  }

  /** The server's own hooks do not concern its handlers. */
  #handlerOptions(): AsyncRequestHandlerOptions<Encoding, never> {
    const options = { ...this.#options };
    for (const name of SERVER_HOOKS) delete options[name];
    return options;
  }

  #handlerClosed(handler: AsyncHandler<Encoding, Link>, reason: CloseReason): void {
    this.#channels.delete(handler);
    void this[kGuard](() => this.onClose(handler, reason), handler);
    if (this.#state.kind === "listening" && !this.#state.listener.acceptsMany) this.finish();
    else void this.#closeIfEmpty();
    this.#askRunning();
  }

  #drop(): void {
    this.#dropped++;
    void this[kGuard](() => fire(this, "drop"));
  }

  #askRunning(): void {
    void this[kGuard](() => {
      if (this.#state.kind === "listening" && !this.keepRunning()) this.finish();
    });
  }

  async #closeIfEmpty(): Promise<void> {
    if (this.#state.kind !== "finishing" || this.#channels.size > 0) return;
    await this.#state.released;
    if (this.#state.kind !== "finishing") return;
    this.#enter({ kind: "closed" });
    const waiting = this.#closedListeners.splice(0);
    const pending = this[kGuard](() => this.serverClose());
    void this[kGuard](() => fire(this, "close"));
    await pending;
    for (const resolve of waiting) resolve();
  }

  #enter(state: ServerState): void {
    const from = this.#state.kind;
    this.#state = state;
    publishState(this, from, state.kind);
  }

  #whenClosed(): Promise<void> {
    return new Promise((resolve) => {
      this.#closedListeners.push(resolve);
    });
  }
}

function notListening(timeoutMs: number): ServerError {
  return new ServerError("ERR_LISTEN_FAILED", `the server did not listen after ${timeoutMs} ms`);
}

type ServerState =
  | { readonly kind: "closed" }
  | { readonly kind: "opening"; readonly bound: Promise<void>; readonly opening: SharedWork<unknown> }
  | { readonly kind: "listening"; readonly listener: AsyncListener }
  | { readonly kind: "finishing"; readonly listener: AsyncListener; readonly released: Promise<void> };

/** Closes a connection that nobody serves. */
function abandon(transport: AsyncTransport<unknown>): void {
  transport.attach({ data: ignore, ended: ignore, drained: ignore, closed: ignore });
  transport.destroy(undefined, true);
}

function ignore(): void {}
