import { connectTimeout, framingOf } from "../../core/channel-settings.ts";
import type { CloseReason } from "../../core/close-reason.ts";
import type { Data, MessageOf } from "../../core/data.ts";
import type { FramingClass } from "../../core/framing.ts";
import { checkHandler, SERVER_HOOKS } from "../../core/handler-class.ts";
import { attempt, hookError, routeFault } from "../../core/hooks.ts";
import { durationOption, functionOption, optionsObject } from "../../core/options.ts";
import { type ChannelError, OpenError, StateError } from "../../errors.ts";
import type { ListenAddress } from "../../modes/async/async-transport.ts";
import { deadlineIn, runHook } from "../../modes/blocking/blocking-channel.ts";
import type { BlockingCallOptions } from "../../modes/blocking/blocking-options.ts";
import type { BlockingOpen, BlockingTransport } from "../../modes/blocking/blocking-transport.ts";
import { type Servable, serve } from "../../modes/blocking/serving.ts";
import { BlockingRequestHandler, type BlockingRequestHandlerOptions } from "../handler/blocking-request-handler.ts";
import type { BlockingServerOptions } from "./blocking-server-options.ts";

/**
 * Serves the requests of one line in a plain loop, in the calling thread: until the line hangs up, `finish()` is called,
 * `queryDone()` says so, or `keepRunning()` says no.
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
 * server.serveForever();
 */
export abstract class BlockingServer<Encoding extends BufferEncoding | undefined, Link> {
  static readonly mode = "blocking";
  static readonly className = "*Server";
  static readonly opens = "listen";
  static readonly excludes = ["connections"] as const;
  /** The framing of this class. */
  static readonly framing: FramingClass;
  /** Opens the device of this class. */
  static readonly open: BlockingOpen<never, unknown>;

  readonly #options: BlockingServerOptions<Encoding, Link, unknown, never> & { readonly path: string };
  readonly #open: (deadline: number) => BlockingTransport<Link> | "late";
  readonly #framing: FramingClass;
  readonly #connectTimeoutMs: number;
  #handler: BlockingRequestHandler<Encoding, Link> | undefined;
  /** The line, when it is open and not served yet. */
  #transport: BlockingTransport<Link> | undefined;

  /** @param given those of the generated class. Called by generated classes, also those of users. */
  protected constructor(given: BlockingServerOptions<Encoding, Link, unknown, never>) {
    const options = optionsObject(given);
    this.#framing = framingOf(new.target);
    this.#open = (new.target.open as BlockingOpen<never, Link>)(options as never);
    this.#options = options as never;
    this.#connectTimeoutMs = connectTimeout(options);
    for (const name of SERVER_HOOKS) functionOption(name, options[name]);
    checkHandler(options, this.#framing, serve, "blocking");
    // Wrong options of the handler are told now, not when the line is open.
    void new HookedHandler<Encoding, Link>(this.#handlerOptions(), this.#framing, this);
  }

  /** Whether the line is not open. */
  get closed(): boolean {
    return this.#handler === undefined && this.#transport === undefined;
  }

  /** Whether the server has stopped, or stops when the current transfer is complete. */
  get done(): boolean {
    return this.#handler?.done ?? this.#transport === undefined;
  }

  /**
   * The port that the server serves.
   *
   * @throws StateError `ERR_CHANNEL_CLOSED` if it is not open.
   */
  address(): ListenAddress {
    if (this.closed)
      throw new StateError("ERR_CHANNEL_CLOSED", "the line is not open: call listen() or serveForever()");
    return { path: this.#options.path };
  }

  /**
   * Opens the line; does nothing if it is open.
   *
   * @throws OpenError `ERR_PORT_NOT_FOUND` and others.
   */
  listen(): void {
    if (!this.closed) return;
    const transport = this.#open(deadlineIn(this.#connectTimeoutMs));
    if (transport === "late") throw new OpenError("ERR_CONNECT_TIMEOUT", "the line was not open before the deadline");
    this.#transport = transport;
  }

  /**
   * Opens the line, if it is not open yet, and serves it until it hangs up, or the server is told to stop.
   *
   * @param options with `timeoutMs`, the server stops after that time.
   * @throws as {@link listen}. What goes wrong on the line is told to the handler's `onError`, else to the server's.
   */
  serveForever(options: BlockingCallOptions = {}): void {
    const deadline = deadlineIn(durationOption("timeoutMs", options.timeoutMs, 0));
    if (this.#handler !== undefined) {
      throw new StateError("ERR_WOULD_DEADLOCK", "the server is serving already: a hook must not wait for it to stop");
    }
    // Before the line is open, so that a class that fails leaves nothing open.
    const handler = this.#makeHandler();
    this.listen();
    this.#handler = handler;
    try {
      this.#guard("serverStart", handler, () => this.serverStart());
      this.#guard("onAccept", handler, () => this.onAccept(handler));
      const reason = this.#serve(handler, deadline);
      this.#guard("onClose", handler, () => this.onClose(handler, reason));
    } finally {
      this.#handler = undefined;
      this.#guard("serverClose", handler, () => this.serverClose());
    }
  }

  /**
   * Queues data to be sent on the line; call it in a hook.
   *
   * @throws StateError `ERR_CHANNEL_CLOSED` if the line is not being served.
   */
  start(data: Data): void {
    if (this.#handler === undefined) throw new StateError("ERR_CHANNEL_CLOSED", "the line is not being served");
    this.#handler.start(data);
  }

  /** Stops when the current transfer is complete. Safe inside hooks. */
  finish(): void {
    if (this.#handler === undefined) this.close();
    else this.#handler.finish();
  }

  /** Closes the line now. May be called again at any time; never throws. */
  close(): void {
    this.#transport?.close();
    this.#transport = undefined;
    this.#handler?.close();
  }

  /** The same as {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Called once for each complete message, unless there is a handler class. Override it, or give it as an option. */
  processData(data: MessageOf<Encoding>, channel: BlockingRequestHandler<Encoding, Link>): void {
    return this.#options.processData?.(data, channel);
  }

  /** Called after each pass of an exchange, unless there is a handler class: whether to stop. */
  queryDone(channel: BlockingRequestHandler<Encoding, Link>): boolean {
    return this.#options.queryDone ? this.#options.queryDone(channel) : !channel.keepAlive;
  }

  /** Called when the line is open, with the channel that serves it. */
  onAccept(channel: BlockingRequestHandler<Encoding, Link>): void {
    return this.#options.onAccept?.(channel);
  }

  /** Called when the line is closed, with the reason. */
  onClose(channel: BlockingRequestHandler<Encoding, Link>, reason: CloseReason): void {
    return this.#options.onClose?.(channel, reason);
  }

  /** Called with faults that the handler's own `onError` did not take. */
  onError(error: ChannelError, channel: BlockingRequestHandler<Encoding, Link>): void {
    this.#options.onError?.(error, channel);
  }

  /** Called when the line is open and the server begins to serve. */
  serverStart(): void {
    return this.#options.serverStart?.(this as never);
  }

  /** Called when the server has stopped and everything is released. */
  serverClose(): void {
    return this.#options.serverClose?.(this as never);
  }

  /** Asked ten times a second, and after each message: whether to go on. */
  keepRunning(): boolean {
    return this.#options.keepRunning?.(this as never) ?? true;
  }

  #serve(handler: BlockingRequestHandler<Encoding, Link>, deadline: number): CloseReason {
    const transport = this.#transport;
    this.#transport = undefined;
    // A hook may have closed the line before it could be served.
    if (transport === undefined) return { by: "self" };
    return (handler as Servable<Link>)[serve](transport, {
      failed: (error) => this.#fault(error, handler),
      keepRunning: () => performance.now() < deadline && runHook("keepRunning", () => this.keepRunning()),
    });
  }

  #makeHandler(): BlockingRequestHandler<Encoding, Link> {
    const { handler: Handler } = this.#options;
    const options = this.#handlerOptions();
    return Handler === undefined
      ? new HookedHandler<Encoding, Link>(options, this.#framing, this)
      : (new Handler(options as never) as BlockingRequestHandler<Encoding, Link>);
  }

  /** The server's own hooks do not concern its handler; and a line may be idle for as long as it likes. */
  #handlerOptions(): BlockingRequestHandlerOptions<Encoding, never> {
    const options = { ...this.#options, idleTimeoutMs: this.#options.idleTimeoutMs ?? 0 };
    for (const name of SERVER_HOOKS) delete options[name];
    return options;
  }

  #fault(error: ChannelError, handler: BlockingRequestHandler<Encoding, Link>): void {
    const isHooked = this.#options.onError !== undefined || this.onError !== BlockingServer.prototype.onError;
    const hook = isHooked ? (fault: ChannelError): void => this.onError(fault, handler) : undefined;
    routeFault(error, [hook], (unhandled) => process.emitWarning(unhandled));
  }

  /** A hook that fails stops nothing. */
  #guard(name: string, handler: BlockingRequestHandler<Encoding, Link>, hook: () => void): void {
    attempt(
      () => runHook(name, hook),
      (thrown) => this.#fault(hookError(thrown), handler),
    );
  }
}

/** The handler of a server without a handler class: the server's own hooks serve. */
class HookedHandler<Encoding extends BufferEncoding | undefined, Link> extends BlockingRequestHandler<Encoding, Link> {
  readonly #server: BlockingServer<Encoding, Link>;

  constructor(
    options: BlockingRequestHandlerOptions<Encoding, never>,
    framing: FramingClass,
    server: BlockingServer<Encoding, Link>,
  ) {
    super(options, framing);
    this.#server = server;
  }

  override processData(data: MessageOf<Encoding>): void {
    return this.#server.processData(data, this);
  }

  override queryDone(): boolean {
    return this.#server.queryDone(this);
  }
}
