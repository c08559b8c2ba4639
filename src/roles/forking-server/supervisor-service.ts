import type { ListenAddress } from "../../modes/async/async-transport.ts";
import { packError, type TransferredError } from "../../comm/error-transfer.ts";
import type { HelperService } from "../../comm/helper/helper-protocol.ts";
import type { ForkingServerStats } from "./forking-server-stats.ts";
import { ProcessSupervisor, type SupervisorSettings } from "./supervisor.ts";
import type { ChildInfo } from "./children/server-child.ts";
import { watchSignals } from "../../comm/signals.ts";

/** Something that happened to a server whose owner is blocked. */
export type SupervisorNews =
  | { readonly kind: "child-started"; readonly info: ChildInfo }
  | { readonly kind: "child-exited"; readonly info: ChildInfo }
  | { readonly kind: "report"; readonly error: TransferredError }
  | { readonly kind: "closed"; readonly error: TransferredError | undefined };

/** The settings of a server whose owner is blocked. */
export interface SupervisorClientSettings extends SupervisorSettings {
  /** How long connections may take to complete after a signal. */
  readonly drainTimeoutMs: number;
}

/**
 * Starts a forking server whose owner is another thread, which is blocked.
 *
 * @throws ServerError as {@link ProcessSupervisor.listen}.
 */
export async function openSupervisorService(
  settings: SupervisorClientSettings,
): Promise<HelperService<{ readonly address: ListenAddress }>> {
  const service = new SupervisorService(settings);
  await service.listen();
  return service;
}

class SupervisorService implements HelperService<{ readonly address: ListenAddress }> {
  readonly #supervisor: ProcessSupervisor;
  readonly #drainTimeoutMs: number;
  readonly #news: SupervisorNews[] = [];
  #told: (() => void) | undefined;
  #address: ListenAddress | undefined;
  #unwatch: (() => void) | undefined;

  constructor(settings: SupervisorClientSettings) {
    this.#drainTimeoutMs = settings.drainTimeoutMs;
    this.#supervisor = new ProcessSupervisor(settings, {
      childStarted: (info) => this.#tell({ kind: "child-started", info }),
      childExited: (info) => this.#tell({ kind: "child-exited", info }),
      report: (error) => this.#tell({ kind: "report", error: packError(error) }),
      closed: (error) => {
        this.#unwatch?.();
        this.#tell({ kind: "closed", error: error && packError(error) });
      },
    });
  }

  get info(): { readonly address: ListenAddress } {
    return { address: this.#address as ListenAddress };
  }

  async listen(): Promise<void> {
    this.#address = await this.#supervisor.listen();
    let hasDrained = false;
    this.#unwatch = watchSignals(["SIGTERM", "SIGINT"], (signal, unwatch) => {
      if (hasDrained) {
        // Once more means at once: as if nobody had ever listened for the signal.
        unwatch();
        void this.#supervisor.close(0).finally(() => process.kill(process.pid, signal));
      } else {
        hasDrained = true;
        void this.#supervisor.close(this.#drainTimeoutMs);
      }
    });
  }

  /** What happened since the last time; waits for something to happen, for so many milliseconds at most. */
  async news(waitMs: number): Promise<readonly SupervisorNews[]> {
    if (this.#news.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        this.#told = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#news.splice(0);
  }

  stats(): ForkingServerStats {
    return this.#supervisor.stats();
  }

  /** Begins to close; that it is closed is news. */
  beginClose(drainTimeoutMs: number): void {
    void this.#supervisor.close(drainTimeoutMs);
  }

  async close(): Promise<void> {
    this.#unwatch?.();
    await this.#supervisor.close(0);
  }

  #tell(news: SupervisorNews): void {
    this.#news.push(news);
    this.#told?.();
  }
}
