import { HelperThread, LATE } from "../comm/helper-thread.ts";
import { ProcessSupervisor, type ProcessServerStats, type SupervisorSettings } from "../comm/process-supervisor.ts";
import type { SupervisorNews } from "../comm/process-supervisor-resident.ts";
import type { ChildInfo } from "../comm/server-child.ts";
import { unpackError } from "../comm/error-transfer.ts";
import { framingOf } from "../core/channel-settings.ts";
import { hookError } from "../core/hooks.ts";
import { durationOption, functionOption, optionsObject } from "../core/options.ts";
import type { FramingClass } from "../core/framing.ts";
import type { CheckedAddress } from "../devices/socket.ts";
import { DisconnectedError, ServerError, StateError } from "../errors.ts";
import type { ListenAddress } from "../modes/async-transport.ts";
import { deadlineIn } from "../modes/blocking.ts";
import type { BlockingCallOptions } from "../modes/blocking-options.ts";
import type { BlockingProcessServerOptions } from "./blocking-process-server-options.ts";
import { PROCESS_SERVER_HOOKS, processServerSettings } from "./blocking-process-server-settings.ts";
import type { ServerCloseOptions } from "./async-server-options.ts";

/** How often the server asks whether to go on, while its thread is blocked. */
const ASK_INTERVAL_MS = 100;
const START_TIMEOUT_MS = 30_000;
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
export abstract class BlockingProcessServer<Encoding extends BufferEncoding | undefined, Link> {
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
  readonly #options: BlockingProcessServerOptions<Encoding, never>;
  readonly #settings: SupervisorSettings;
  readonly #drainTimeoutMs: number;
  #state: ServerState = { kind: "closed" };
  #isFinishing = false;
  #closedListeners: (() => void)[] = [];

  /** @param given the options, which are checked here. */
  protected constructor(given: BlockingProcessServerOptions<Encoding, never>) {
    const options = optionsObject(given);
    const framing = framingOf(new.target);
    for (const name of PROCESS_SERVER_HOOKS) functionOption(name, options[name]);
    (new.target.open as (options: object) => CheckedAddress)(options);
    this.#options = options;
    this.#settings = processServerSettings(options, framing);
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
  stats(): ProcessServerStats {
    const state = this.#state;
    if (state.kind === "embedded") return state.supervisor.stats();
    if (state.kind === "blocking") {
      const answer = state.helper.invoke(state.resident, "stats", [], deadlineIn(START_TIMEOUT_MS));
      if (answer !== LATE) return answer as ProcessServerStats;
    }
    throw new StateError("ERR_CHANNEL_CLOSED", "the server does not listen");
  }

  /**
   * Binds the address, starts the children, and serves without blocking the thread.
   *
   * @returns a promise that resolves when the first child is ready.
   * @throws ServerError `ERR_ADDRESS_IN_USE`, `ERR_ADDRESS_UNAVAILABLE`, `ERR_LISTEN_FAILED`; `ERR_HANDLER_LOAD` if the
   * handler module cannot be used, with the child's own error as the cause.
   */
  async listen(): Promise<void> {
    if (this.#state.kind !== "closed") return;
    this.#state = { kind: "starting" };
    const supervisor = new ProcessSupervisor(this.#settings, {
      childStarted: (info) => this.#guard(() => this.onChildStart(info)),
      childExited: (info) => this.#guard(() => this.onChildExit(info)),
      report: (error) => this.#fault(error),
      closed: (error) => this.#closed(error),
    });
    try {
      this.#state = { kind: "embedded", supervisor, address: await supervisor.listen() };
    } catch (error) {
      this.#state = { kind: "closed" };
      throw error;
    }
    this.#guard(() => this.serverStart());
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
    if (this.#state.kind !== "embedded") return;
    const { supervisor } = this.#state;
    this.#isFinishing = true;
    const closed = new Promise<void>((resolve) => this.#closedListeners.push(resolve));
    await supervisor.close(drainTimeoutMs);
    await closed;
  }

  /** The same as {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Stops accepting, and closes when what is under way is complete, or after `drainTimeoutMs`. Safe inside hooks. */
  finish(): void {
    if (this.#state.kind === "embedded") void this.close({ drainTimeoutMs: this.#drainTimeoutMs });
    if (this.#state.kind !== "blocking" || this.#isFinishing) return;
    this.#isFinishing = true;
    const { helper, resident } = this.#state;
    helper.invoke(resident, "beginClose", [this.#drainTimeoutMs], deadlineIn(START_TIMEOUT_MS));
  }

  /**
   * Binds the address, starts the children, and blocks the thread until the server is closed: by a signal, by
   * {@link finish} in a hook, or because `keepRunning()` says no.
   *
   * @param options with `timeoutMs`, the server closes after that time.
   * @throws as {@link listen}; ServerError `ERR_CRASH_LOOP` if the children die one after another.
   */
  serveForever(options: BlockingCallOptions = {}): void {
    const deadline = deadlineIn(durationOption("timeoutMs", options.timeoutMs, 0));
    if (this.#state.kind !== "closed") {
      throw new StateError("ERR_WOULD_DEADLOCK", "the server listens already: close it first, or leave it to listen()");
    }
    // A thread of its own: the one that blocking calls share may be needed by hooks.
    const helper = HelperThread.start();
    const resident = this.#openResident(helper);
    try {
      this.#guard(() => this.serverStart());
      this.#serveUntilClosed(helper, resident, deadline);
    } finally {
      this.#state = { kind: "closed" };
      this.#isFinishing = false;
      helper.end();
      this.#guard(() => this.serverClose());
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

  #openResident(helper: HelperThread): number {
    const opened = helper.open<{ readonly address: ListenAddress }>(
      new URL("../comm/process-supervisor-resident.js", import.meta.url),
      "openSupervisorResident",
      { ...this.#settings, drainTimeoutMs: this.#drainTimeoutMs },
      deadlineIn(START_TIMEOUT_MS),
    );
    if (opened === LATE) throw new ServerError("ERR_LISTEN_FAILED", "the server did not start in time");
    this.#state = { kind: "blocking", helper, resident: opened.resident, address: opened.info.address };
    return opened.resident;
  }

  #serveUntilClosed(helper: HelperThread, resident: number, deadline: number): void {
    for (;;) {
      const news = helper.invoke(resident, "news", [ASK_INTERVAL_MS], deadlineIn(START_TIMEOUT_MS));
      if (news === LATE) throw new DisconnectedError("ERR_WORKER_DIED", "the thread of the server does not answer");
      for (const one of news as readonly SupervisorNews[]) if (this.#hear(one)) return;
      if (performance.now() >= deadline || !this.#isToRun()) this.finish();
    }
  }

  #isToRun(): boolean {
    try {
      return this.keepRunning();
    } catch (thrown) {
      this.#fault(hookError(thrown));
      return false;
    }
  }

  /** Whether it was the last that there is to hear. */
  #hear(news: SupervisorNews): boolean {
    switch (news.kind) {
      case "child-started":
        this.#guard(() => this.onChildStart(news.info));
        return false;
      case "child-exited":
        this.#guard(() => this.onChildExit(news.info));
        return false;
      case "report":
        this.#fault(unpackError(news.error));
        return false;
      case "closed":
        if (news.error !== undefined) throw unpackError(news.error);
        return true;
    }
  }

  #closed(error: Error | undefined): void {
    this.#state = { kind: "closed" };
    this.#isFinishing = false;
    if (error !== undefined) this.#fault(error);
    this.#guard(() => this.serverClose());
    for (const told of this.#closedListeners.splice(0)) told();
  }

  #fault(error: Error): void {
    const isHeard = this.#options.onError !== undefined || this.onError !== BlockingProcessServer.prototype.onError;
    if (isHeard) this.onError(error);
    else process.emitWarning(error);
  }

  /** A hook that fails stops nothing. */
  #guard(hook: () => void): void {
    try {
      hook();
    } catch (thrown) {
      this.#fault(hookError(thrown));
    }
  }
}

type ServerState =
  | { readonly kind: "closed" }
  | { readonly kind: "starting" }
  | { readonly kind: "embedded"; readonly supervisor: ProcessSupervisor; readonly address: ListenAddress }
  | {
      readonly kind: "blocking";
      readonly helper: HelperThread;
      readonly resident: number;
      readonly address: ListenAddress;
    };
