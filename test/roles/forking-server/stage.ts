/** A forking server for one test, and what is known about it. */
import { EventEmitter, on } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import {
  AsyncSocketClientWithTerminator,
  BlockingSocketServerWithTerminator,
  type BlockingSocketServerWithTerminatorOptions,
  type ChildInfo,
} from "../../../generated/index.ts";

/** How long something may take that a test waits for. Nothing is expected to take nearly as long. */
const DEADLINE_MS = 30_000;

/** The address of a handler module of these tests. */
export function handler(name: string): URL {
  return new URL(`./handlers/${name}.handler.js`, import.meta.url);
}

type Options = Partial<BlockingSocketServerWithTerminatorOptions>;

/** A server that serves acts, and what it has told so far. */
export class Stage implements AsyncDisposable {
  readonly server: BlockingSocketServerWithTerminator;
  /** Children that were started. */
  readonly started: ChildInfo[] = [];
  /** Children that have ended. */
  readonly ended: ChildInfo[] = [];
  /** The codes of the faults. */
  readonly faults: string[] = [];
  readonly errors: Error[] = [];
  readonly #news = new EventEmitter();

  constructor(options: Options = {}) {
    const tell = <Item>(list: Item[], item: Item): void => {
      list.push(item);
      this.#news.emit("news");
    };
    this.server = new BlockingSocketServerWithTerminator({
      ...("path" in options ? {} : { host: "127.0.0.1", port: 0 }),
      handler: handler("acts"),
      minSpareChildren: 1,
      ...options,
      onChildStart: (child) => tell(this.started, child),
      onChildExit: (child) => tell(this.ended, child),
      onError: (error) => {
        this.errors.push(error);
        tell(this.faults, (error as Error & { code: string }).code);
      },
    });
  }

  /** Address options of a client. */
  get address(): { host: string; port: number } | { path: string } {
    const { path, port = 0 } = this.server.address();
    return path === undefined ? { host: "127.0.0.1", port } : { path };
  }

  /** A client that keeps its connection. */
  client(): AsyncSocketClientWithTerminator {
    return new AsyncSocketClientWithTerminator({ ...this.address, keepAlive: true });
  }

  /** Makes one request on a connection of its own. */
  async ask(request: string): Promise<string> {
    return String(await new AsyncSocketClientWithTerminator(this.address).clientCommunicate(request));
  }

  /** Makes one request that fails, and tells how. */
  async failure(request: string): Promise<{ code: string; outcome: string | undefined }> {
    try {
      await this.ask(request);
    } catch (error) {
      const { code, outcome } = error as { code: string; outcome?: string };
      return { code, outcome };
    }
    throw new Error(`${request} was answered`);
  }

  /** Resolves when something holds that hooks or statistics tell. */
  async until(holds: (stage: this) => boolean): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS;
    while (!holds(this)) {
      if (performance.now() > deadline) throw new Error(`in vain; faults: ${this.faults.join(", ")}`);
      await nextTurn(this.#news);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
  }
}

/** Resolves with the next piece of news, or a moment later: statistics change without any. */
async function nextTurn(news: EventEmitter): Promise<void> {
  try {
    for await (const _ of on(news, "news", { signal: AbortSignal.timeout(20) })) return;
  } catch {
    // Nothing has happened.
  }
}

/** A listening server. */
export async function openStage(options: Options = {}): Promise<Stage> {
  const stage = new Stage(options);
  await stage.server.listen();
  return stage;
}

/** What the event loop of a client makes of a connection that was broken off: it may miss that it was no clean end. */
export const BROKEN: readonly string[] = ["ERR_CONNECTION_RESET", "ERR_CONNECTION_CLOSED"];

/** Whether a process lives. One that has ended and is not forgotten yet does not. */
export function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

/** Whether one of the processes lives. */
export function anyAlive(pids: readonly number[]): boolean {
  return pids.some((pid) => isAlive(pid));
}

/** The processes whose parent is this one, as the system has them. */
export function childrenOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number);
}

function parentOf(pid: string): number {
  try {
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1]);
  } catch {
    return 0; // It has ended in the meantime.
  }
}
