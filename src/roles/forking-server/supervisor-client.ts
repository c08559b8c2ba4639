import { SIGNAL_THREAD_OPTIONS } from "../../comm/signals.ts";
import { ServerError } from "../../errors.ts";
import type { ListenAddress } from "../../modes/async/async-transport.ts";
import { deadlineIn } from "../../modes/blocking/blocking-channel.ts";
import { HelperThread, LATE } from "../../comm/helper/helper-thread.ts";
import { unpackError } from "../../comm/error-transfer.ts";
import type { SupervisorClientSettings, SupervisorNews } from "./supervisor-service.ts";
import type { ForkingServerStats } from "./forking-server-stats.ts";
import type { SupervisorEvents } from "./supervisor.ts";

/** How long the thread of a server may take to answer. */
const ANSWER_TIMEOUT_MS = 5000;

/** The owner's end of a forking server that runs in a thread of its own, because the owner is blocked. */
export class SupervisorClient implements Disposable {
  readonly address: ListenAddress;
  readonly #helper: HelperThread;
  readonly #service: number;

  /**
   * Starts a server, and blocks until it listens.
   *
   * @throws ServerError as `ProcessSupervisor.listen`.
   */
  constructor(settings: SupervisorClientSettings) {
    // A thread of its own: the one that blocking calls share may be needed by hooks.
    const helper = HelperThread.start({}, SIGNAL_THREAD_OPTIONS);
    try {
      const opened = helper.open<{ readonly address: ListenAddress }>(
        new URL("./supervisor-service.js", import.meta.url),
        "openSupervisorService",
        settings,
        deadlineIn(settings.timing.startTimeoutMs + ANSWER_TIMEOUT_MS),
      );
      if (opened === LATE) throw new ServerError("ERR_LISTEN_FAILED", "the server did not start in time");
      this.#helper = helper;
      this.#service = opened.service;
      this.address = opened.info.address;
    } catch (error) {
      helper.end();
      throw error;
    }
  }

  /**
   * Blocks until something happens, or for so long.
   *
   * @returns whether the server still runs.
   * @throws Error why the server could not go on.
   * @throws DisconnectedError `ERR_WORKER_DIED`.
   */
  listenFor(events: Omit<SupervisorEvents, "closed">, waitMs: number): boolean {
    const news = this.#ask("news", [waitMs]) as readonly SupervisorNews[];
    for (const one of news) {
      switch (one.kind) {
        case "child-started":
          events.childStarted(one.info);
          break;
        case "child-exited":
          events.childExited(one.info);
          break;
        case "report":
          events.report(unpackError(one.error));
          break;
        case "closed":
          if (one.error !== undefined) throw unpackError(one.error);
          return false;
      }
    }
    return true;
  }

  stats(): ForkingServerStats {
    return this.#ask("stats", []) as ForkingServerStats;
  }

  /** Begins to close: {@link listenFor} tells when that is done. */
  beginClose(drainTimeoutMs: number): void {
    this.#ask("beginClose", [drainTimeoutMs]);
  }

  /** Ends the thread, and what is left of the server with it. */
  [Symbol.dispose](): void {
    this.#helper.end();
  }

  #ask(method: string, values: readonly unknown[]): unknown {
    const answer = this.#helper.invoke(this.#service, method, values, deadlineIn(ANSWER_TIMEOUT_MS));
    if (answer !== LATE) return answer;
    throw new ServerError("ERR_LISTEN_FAILED", "the thread of the server does not answer");
  }
}
