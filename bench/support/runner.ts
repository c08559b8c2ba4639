/** Processes that measure: each reads `<times> <message>` lines and answers `<µs> <µs of processor time>` for one time. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Measure } from "./compare.ts";

/** A program that talks in lines. */
export class LineProgram implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** The id of its process. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    const next = await this.#lines.next();
    if (next.done === true) throw new Error(`${this.#child.spawnfile} ${this.#child.spawnargs.join(" ")} has ended`);
    return next.value;
  }

  /** Has it measure. */
  async measure(times: number, message: string): Promise<Measure> {
    this.#child.stdin.write(`${times} ${message}\n`);
    const [value, processor] = (await this.line()).split(" ").map(Number);
    return { value: value ?? Number.NaN, processor };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill();
    await ended;
  }
}

/** Starts a compiled program of the bench, with Node.js. */
export function nodeProgram(file: string, ...args: readonly string[]): LineProgram {
  return new LineProgram(process.execPath, [fileURLToPath(new URL(`../${file}`, import.meta.url)), ...args]);
}

/** In such a process: measures what the lines ask for. `trips` makes so many exchanges of that message. */
export async function serveMeasures(trips: (times: number, message: string) => void | Promise<void>): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const [times, message] = line.split(" ") as [string, string];
    const processor = process.cpuUsage();
    const start = performance.now();
    await trips(Number(times), message);
    const taken = (performance.now() - start) * 1000;
    const { user, system } = process.cpuUsage(processor);
    console.log(`${taken / Number(times)} ${(user + system) / Number(times)}`);
  }
}
