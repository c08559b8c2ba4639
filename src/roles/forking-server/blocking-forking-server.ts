import type { ForkingServerStats } from "./forking-server-stats.ts";
import { ProcessSupervisor, type SupervisorEvents, type SupervisorSettings } from "./supervisor.ts";
import { SupervisorClient } from "./supervisor-client.ts";
import type { ChildInfo } from "./children/server-child.ts";
import { framingOf } from "../../core/channel-settings.ts";
import { addressName, withCaller } from "../../core/error-context.ts";
import { attempt, hookError, routeFault } from "../../core/hooks.ts";
import { durationOption, functionOption, optionsObject } from "../../core/options.ts";
import type { FramingClass } from "../../core/framing.ts";
import { withDeadline } from "../../core/with-deadline.ts";
import type { CheckedAddress } from "../../devices/socket/socket.ts";
import { ServerError, StateError } from "../../errors.ts";
import type { AsyncCallOptions } from "../../modes/async/async-options.ts";
import type { ListenAddress } from "../../modes/async/async-transport.ts";
import { deadlineIn } from "../../modes/blocking/blocking-channel.ts";
import type { BlockingCallOptions } from "../../modes/blocking/blocking-options.ts";
import type { BlockingForkingServerOptions } from "./blocking-forking-server-options.ts";
import { PROCESS_SERVER_HOOKS, forkingServerSettings } from "./blocking-forking-server-settings.ts";
import type { ServerCloseOptions } from "../server/async-server-options.ts";

/** How often the server asks whether to go on, while its thread is blocked. */
const ASK_INTERVAL_MS = 100;
const DEFAULT_DRAIN_TIMEOUT_MS = 10_000;

/**
 * Serves each connection in a child process that serves nothing else meanwhile: a handler may block, crash or leak
 * without touching any other connection. Children are started ahead, and replaced when they die.
 *
 * `serveForever()` blocks the thread until the server is closed; SIGTERM and SIGINT then close it when what is under way
 * is complete. `await listen()` and `await close()` embed the server in a program that lives on its event loop.
 *
 * @phrase serves requests, each connection in a process of its own
 * @example
 * import { {{Class}} } from "{{package}}";
 *
 * const server = new {{Class}}({ {{address}}, handler: new URL("./handler.js", import.meta.url) });
 * server.serveForever();
 */
export abstract class BlockingForkingServer<Encoding extends BufferEncoding | undefined, Link> {
  static readonly mode = "blocking";
  static readonly className = "*Server";
  static readonly opens = "listen";
  static readonly requires = ["connections"] as const;
  /** The framing of this class. */
  static readonly framing: FramingClass;
  /** Checks the address of this class's device. */
  static readonly open: (options: never) => CheckedAddress;

  /** Only tells which device it is. @internal */
  declare protected readonly link: Link;
  readonly #options: BlockingForkingServerOptions<Encoding, never>;
  readonly #settings: SupervisorSettings;
  readonly #drainTimeoutMs: number;
  #state: ServerState = { kind: "closed" };
  #isFinishing = false;

  /** @param given the options, which are checked here. */
  protected constructor(given: BlockingForkingServerOptions<Encoding, never>) {
    const options = optionsObject(given);
    const framing = framingOf(new.target);
    for (const name of PROCESS_SERVER_HOOKS) functionOption(name, options[name]);
    (new.target.open as (options: object) => CheckedAddress)(options);
    this.#options = options;
    this.#settings = forkingServerSettings(options, framing);
    this.#drainTimeoutMs = durationOption("drainTimeoutMs", options.drainTimeoutMs, DEFAULT_DRAIN_TIMEOUT_MS);
  }

  /** Whether the server does not listen and has no child. */
  get closed(): boolean {
    return this.#state.kind === "closed";
  }

  /** Whether the server accepts no more connections. */
  get done(): boolean {
    return this.#state.kind === "closed" || this.#isFinishing;
  }

  /**
   * Where the server listens: with the real port if `port: 0` was asked for.
   *
   * @throws StateError `ERR_CHANNEL_CLOSED` if it does not listen.
   */
  address(): ListenAddress {
    const address = "address" in this.#state ? this.#state.address : undefined;
    if (address !== undefined) return address;
    throw new StateError("ERR_CHANNEL_CLOSED", "the server does not listen: call listen() or serveForever() first");
  }

  /**
   * What the server has done so far, and what its children are doing.
   *
   * @throws StateError `ERR_CHANNEL_CLOSED` if it does not listen.
   */
  stats(): ForkingServerStats {
    const { supervisor } = this.#state as { readonly supervisor?: ProcessSupervisor | SupervisorClient };
    if (supervisor !== undefined) return supervisor.stats();
    throw new StateError("ERR_CHANNEL_CLOSED", "the server does not listen: call listen() or serveForever() first");
  }

  /**
   * Binds the address, starts the children, and serves without blocking the thread; does nothing if the server listens. A
   * server that was closed can listen again.
   *
   * @returns a promise that resolves when the first child is ready.
   * @throws ServerError `ERR_ADDRESS_IN_USE`, `ERR_ADDRESS_UNAVAILABLE`, `ERR_LISTEN_FAILED`; `ERR_HANDLER_LOAD` if the
   * handler module cannot be used, with the child's own error as the cause.
   * @throws StateError `ERR_CHANNEL_CLOSED` if the server is closed meanwhile.
   * @throws the `reason` of the signal, if it aborts; ServerError `ERR_LISTEN_FAILED` after `timeoutMs`. The server is
   * closed then.
   */
  async listen(options: AsyncCallOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    checkPlatform();
    if (this.#state.kind === "closed") this.#state = this.#starting();
    if (this.#state.kind !== "starting") return;
    try {
      await withCaller(withDeadline(this.#state.started, options, notListening), addressName(this.#options));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /**
   * Stops accepting and closes all connections; with `drainTimeoutMs`, after what is under way on them. May be called
   * again at any time.
   *
   * @returns a promise that resolves when everything is released; it never rejects. While `serveForever` blocks the
   * thread, call {@link finish} in a hook instead.
   */
  async close(options: ServerCloseOptions = {}): Promise<void> {
    const drainTimeoutMs = durationOption("drainTimeoutMs", options.drainTimeoutMs, 0);
    const state = this.#state;
    if (state.kind === "starting") {
      void state.supervisor.close(0);
      await state.started.catch(() => undefined);
    } else if (state.kind === "embedded") {
      this.#isFinishing = true;
      await state.supervisor.close(drainTimeoutMs);
    }
  }

  /** The same as {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Stops accepting, and closes when what is under way is complete, or after `drainTimeoutMs`. Safe inside hooks. */
  finish(): void {
    const state = this.#state;
    if (this.#isFinishing || (state.kind !== "embedded" && state.kind !== "blocking")) return;
    this.#isFinishing = true;
    if (state.kind === "embedded") void state.supervisor.close(this.#drainTimeoutMs);
    else state.supervisor.beginClose(this.#drainTimeoutMs);
  }

  /**
   * Binds the address, starts the children, and blocks the thread until the server is closed: by SIGTERM or SIGINT, by
   * {@link finish} in a hook, or because `keepRunning()` says no.
   *
   * @param options with `timeoutMs`, the server closes after that time.
   * @throws as {@link listen}; ServerError `ERR_CRASH_LOOP` if the children die one after another.
   * @throws StateError `ERR_WOULD_DEADLOCK` if the server listens already.
   */
  serveForever(options: BlockingCallOptions = {}): void {
    const deadline = deadlineIn(durationOption("timeoutMs", options.timeoutMs, 0));
    if (this.#state.kind !== "closed") {
      throw new StateError("ERR_WOULD_DEADLOCK", "the server listens already: close it first, or leave it to listen()");
    }
    checkPlatform();
    using supervisor = new SupervisorClient({ ...this.#settings, drainTimeoutMs: this.#drainTimeoutMs });
    this.#state = { kind: "blocking", supervisor, address: supervisor.address };
    this.#guard(() => this.serverStart());
    try {
      while (supervisor.listenFor(this.#events, ASK_INTERVAL_MS)) {
        if (performance.now() >= deadline || !this.#isToRun()) this.finish();
      }
    } finally {
      this.#hasClosed();
    }
  }

  /** Called when a child was started. */
  onChildStart(child: ChildInfo): void {
    this.#options.onChildStart?.(child);
  }

  /** Called when a child has ended, for whatever reason. */
  onChildExit(child: ChildInfo): void {
    this.#options.onChildExit?.(child);
  }

  /** Called with faults that no handler's own `onError` took: of a connection, of a child, or of the server itself. */
  onError(error: Error): void {
    this.#options.onError?.(error);
  }

  /** Called when the server listens and the first child is ready. */
  serverStart(): void {
    this.#options.serverStart?.(this as never);
  }

  /** Called when the server is closed and everything is released. */
  serverClose(): void {
    this.#options.serverClose?.(this as never);
  }

  /** Asked ten times a second in `serveForever`: whether to go on. */
  keepRunning(): boolean {
    return this.#options.keepRunning?.(this as never) ?? true;
  }

  #starting(): ServerState {
    const supervisor = new ProcessSupervisor(this.#settings, {
      ...this.#events,
      closed: (error) => {
        if (error !== undefined) this.#fault(error);
        this.#hasClosed();
      },
    });
    return { kind: "starting", supervisor, started: this.#start(supervisor) };
  }

  async #start(supervisor: ProcessSupervisor): Promise<void> {
    try {
      this.#state = { kind: "embedded", supervisor, address: await supervisor.listen() };
    } catch (error) {
      this.#state = { kind: "closed" };
      throw error;
    }
    this.#guard(() => this.serverStart());
  }

  readonly #events: Omit<SupervisorEvents, "closed"> = {
    childStarted: (info) => this.#guard(() => this.onChildStart(info)),
    childExited: (info) => this.#guard(() => this.onChildExit(info)),
    report: (error) => this.#fault(error),
  };

  #isToRun(): boolean {
    try {
      return this.keepRunning();
    } catch (thrown) {
      this.#fault(hookError(thrown));
      return false;
    }
  }

  #hasClosed(): void {
    this.#state = { kind: "closed" };
    this.#isFinishing = false;
    this.#guard(() => this.serverClose());
  }

  #fault(error: Error): void {
    const isHooked = this.#options.onError !== undefined || this.onError !== BlockingForkingServer.prototype.onError;
    const hook = isHooked ? (fault: Error): void => this.onError(fault) : undefined;
    routeFault(error, [hook], (unhandled) => process.emitWarning(unhandled));
  }

  /** A hook that fails stops nothing. */
  #guard(hook: () => void): void {
    attempt(hook, (thrown) => this.#fault(hookError(thrown)));
  }
}

type ServerState =
  | { readonly kind: "closed" }
  | { readonly kind: "starting"; readonly supervisor: ProcessSupervisor; readonly started: Promise<void> }
  | { readonly kind: "embedded"; readonly supervisor: ProcessSupervisor; readonly address: ListenAddress }
  | { readonly kind: "blocking"; readonly supervisor: SupervisorClient; readonly address: ListenAddress };

function notListening(timeoutMs: number): ServerError {
  return new ServerError("ERR_LISTEN_FAILED", `the server did not listen after ${timeoutMs} ms`);
}

/** @throws ServerError `ERR_LISTEN_FAILED` where a child could not serve a socket. */
function checkPlatform(): void {
  if (process.platform !== "win32") return;
  const text = "Windows has no descriptors for sockets, on which a child could wait: use an asynchronous server there";
  throw new ServerError("ERR_LISTEN_FAILED", text);
}
