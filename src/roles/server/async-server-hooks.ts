import { EventEmitter } from "node:events";
import type { CloseReason } from "../../core/close-reason.ts";
import type { MessageOf } from "../../core/data.ts";
import { SERVER_HOOKS } from "../../core/handler-class.ts";
import { attempt, hookError, routeFault } from "../../core/hooks.ts";
import { functionOption } from "../../core/options.ts";
import { kFault, kGuard, kIsAsked } from "../../core/internals.ts";
import type { ChannelError } from "../../errors.ts";
import type { AsyncRequestHandler } from "../handler/async-request-handler.ts";
import type { AsyncHandler, AsyncServerEvents, AsyncServerOptions } from "./async-server-options.ts";

/** The hooks and events of an asynchronous server, and how a fault finds whoever wants to hear of it. */
export abstract class AsyncServerHooks<Encoding extends BufferEncoding | undefined, Link> extends EventEmitter<
  AsyncServerEvents<Encoding, Link>
> {
  readonly #hooks: AsyncServerOptions<Encoding, Link, unknown, never>;

  /** @internal */
  protected constructor(options: AsyncServerOptions<Encoding, Link, unknown, never>) {
    super();
    for (const name of SERVER_HOOKS) functionOption(name, options[name]);
    this.#hooks = options;
  }

  /**
   * Called once for each complete message, unless there is a handler class. Override it, or give it as an option; by
   * default the event `message` is emitted.
   */
  processData(data: MessageOf<Encoding>, channel: AsyncRequestHandler<Encoding, Link>): void | Promise<void> {
    if (this.#hooks.processData) return this.#hooks.processData(data, channel);
    fire(this, "message", data, channel);
  }

  /** Called after each pass of an exchange, unless there is a handler class: whether its channel is to be closed. */
  queryDone(channel: AsyncRequestHandler<Encoding, Link>): boolean | Promise<boolean> {
    return this.#hooks.queryDone ? this.#hooks.queryDone(channel) : !channel.keepAlive;
  }

  /**
   * Called with the channel of each new connection, before anything that it sent is processed, which waits for a promise that
   * is returned. The channel has its `link`; `close()` or `finish()` refuses the connection.
   */
  onAccept(channel: AsyncHandler<Encoding, Link>): unknown {
    return this.#hooks.onAccept?.(channel);
  }

  /** Called when a connection is closed and everything of it is released, with the reason. */
  onClose(channel: AsyncHandler<Encoding, Link>, reason: CloseReason): unknown {
    return this.#hooks.onClose?.(channel, reason);
  }

  /** Called with faults that no handler's own `onError` took: of a channel, or of the server itself. */
  onError(error: ChannelError, channel: AsyncHandler<Encoding, Link> | undefined): unknown {
    return this.#hooks.onError?.(error, channel);
  }

  /** Called when the server listens; `listen()` waits for a promise that is returned. */
  serverStart(): unknown {
    return this.#hooks.serverStart?.(this as never);
  }

  /** Called when the server is closed and everything is released; `close()` waits for a promise that is returned. */
  serverClose(): unknown {
    return this.#hooks.serverClose?.(this as never);
  }

  /** Asked after each connection, and ten times a second in `serveForever`: whether to go on. */
  keepRunning(): boolean {
    return this.#hooks.keepRunning?.(this as never) ?? true;
  }

  /** Whether anybody answers {@link keepRunning}. @internal */
  protected get [kIsAsked](): boolean {
    return this.#hooks.keepRunning !== undefined || this.keepRunning !== AsyncServerHooks.prototype.keepRunning;
  }

  /** Reports a fault that a channel's own handler did not take, or one of the server itself. @internal */
  protected [kFault](error: ChannelError, channel: AsyncHandler<Encoding, Link> | undefined): void {
    const isHooked = this.#hooks.onError !== undefined || this.onError !== AsyncServerHooks.prototype.onError;
    const hook = isHooked ? (): unknown => this.onError(error, channel) : undefined;
    const listeners = this.listenerCount("error") > 0 ? (): void => fire(this, "error", error, channel) : undefined;
    routeFault(error, [hook, listeners], (unhandled) => process.emitWarning(unhandled));
  }

  /**
   * Runs a hook, whose failure is reported and stops nothing.
   *
   * @returns a promise that resolves when the hook is done, if it returned one.
   * @internal
   */
  protected [kGuard](hook: () => unknown, channel?: AsyncHandler<Encoding, Link>): PromiseLike<unknown> | undefined {
    return attempt(hook, (thrown) => this[kFault](hookError(thrown), channel));
  }
}

/** Emits an event of a server whose message type is not known here. */
export function fire(server: unknown, event: string, ...values: unknown[]): void {
  (server as EventEmitter).emit(event, ...values);
}
