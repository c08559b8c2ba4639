/** The serving program as a process of its own, which can be sent signals. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ExecutionContext } from "ava";
import { AsyncSocketClientWithTerminator } from "../../../generated/index.ts";
import { anyAlive, isAlive } from "./stage.ts";

const DEADLINE_MS = 30_000;

/** What the program is to do. */
export interface ProgramOptions {
  readonly handler?: string;
  readonly how?: "serveForever" | "listen";
  readonly timeoutMs?: number;
  readonly finishAfter?: number;
  readonly isFilling?: boolean;
  /** How many descriptors the program may have. */
  readonly descriptors?: number;
  readonly options?: object;
  /** In the environment of the program. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How a process ended. */
export type Ending = readonly [status: number | null, signal: NodeJS.Signals | null];

/** A serving program. It leads a process group, and ends with the test at the latest. */
export class ServingProgram {
  /** What it has said so far. */
  readonly said: string[] = [];
  /** How it ends. */
  readonly ended: Promise<Ending>;
  readonly #process: ChildProcessByStdio<null, Readable, Readable>;

  constructor(t: ExecutionContext, { env, descriptors = 1024, ...given }: ProgramOptions = {}) {
    const order = { handler: "acts", how: "serveForever", options: {}, ...given };
    const main = fileURLToPath(new URL("./server-program.js", import.meta.url));
    const script = `ulimit -n ${descriptors}; exec "$0" "$@"`;
    this.#process = spawn("sh", ["-c", script, process.execPath, main, JSON.stringify(order)], {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      env: { ...process.env, ...env },
    });
    createInterface({ input: this.#process.stdout }).on("line", (line) => this.said.push(line));
    this.#process.stderr.resume();
    this.ended = once(this.#process, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
    t.teardown(async () => {
      if (this.#process.exitCode === null) this.#process.kill("SIGKILL");
      await this.ended;
      for (const pid of this.children) if (isAlive(pid)) process.kill(pid, "SIGKILL");
    });
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  /** The processes of the children so far. */
  get children(): number[] {
    return this.said.flatMap((line) => /^child (\d+)$/.exec(line)?.[1] ?? []).map(Number);
  }

  /** Resolves with the first line that begins so. */
  async hears(beginning: string): Promise<string> {
    let found: string | undefined;
    await until(
      () => {
        found = this.said.find((line) => line.startsWith(beginning));
        return found !== undefined;
      },
      `${beginning} in\n${this.said.join("\n")}`,
    );
    return found as string;
  }

  /** The address of a client, once the program serves. */
  async address(): Promise<{ host: string; port: number }> {
    const [, port] = (await this.hears("listening")).split(" ");
    return { host: "127.0.0.1", port: Number(port) };
  }

  /** A client of its own for each request. */
  async ask(request: string): Promise<string> {
    return String(await new AsyncSocketClientWithTerminator(await this.address()).clientCommunicate(request));
  }

  /** Sends a signal to the program. */
  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Sends a signal to the program and all its children, as a terminal does. */
  killGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** Resolves when no child lives, with the time that this took. */
  async childrenGone(): Promise<number> {
    const start = performance.now();
    await until(() => !anyAlive(this.children), "children that live");
    return performance.now() - start;
  }
}

/** Resolves when something holds that no event tells of: what other processes do. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`in vain: ${what}`);
    await sleep(5);
  }
}
