/** Programs of the examples, run as a user would run them. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { on, once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { ExecutionContext } from "ava";

/** How long a program may take to say or do what a test waits for. */
const DEADLINE_MS = 60_000;

/** A program under test: what it says can be waited for, line by line. It ends with the test at the latest. */
export class Program {
  /** The lines that it has written so far, errors included. */
  readonly said: string[] = [];
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #ended: Promise<number | null>;
  readonly #output: Interface;

  /**
   * @param example the folder below `examples/`.
   * @param args its arguments.
   */
  constructor(t: ExecutionContext, example: string, ...args: readonly string[]) {
    const main = fileURLToPath(new URL(`../../examples/${example}/main.js`, import.meta.url));
    this.#child = spawn(process.execPath, [main, ...args], { stdio: "pipe" });
    this.#output = createInterface({ input: this.#child.stdout });
    this.#output.on("line", (line) => this.said.push(line));
    createInterface({ input: this.#child.stderr }).on("line", (line) => this.said.push(line));
    this.#ended = once(this.#child, "close").then(([status]) => status as number | null);
    t.teardown(async () => {
      this.#child.kill("SIGKILL");
      await this.#ended;
    });
  }

  /** Resolves with the first line that matches, said already or not yet. */
  async hears(pattern: RegExp): Promise<string> {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const coming = on(this.#output, "line", { signal, close: ["close"] });
    const before = this.said.find((line) => pattern.test(line));
    if (before !== undefined) return before;
    for await (const [line] of coming as AsyncIterable<[string]>) if (pattern.test(line)) return line;
    throw new Error(`the program ended without a line like ${pattern}:\n${this.said.join("\n")}`);
  }

  /** Types a line. */
  types(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Ends its input. */
  hangsUp(): void {
    this.#child.stdin.end();
  }

  /** Sends it a signal. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves with its exit status. Fails if it does not end in time. */
  async ends(): Promise<number | null> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const text = `the program did not end; it said:\n${this.said.join("\n")}`;
      timer = setTimeout(() => reject(new Error(text)), DEADLINE_MS);
    });
    return await Promise.race([this.#ended, late]).finally(() => clearTimeout(timer));
  }
}
