/** Starts programs that are not ours, for one test each. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A foreign program that runs. */
export class Foreign implements AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<unknown>;
  #out = "";
  #err = "";

  constructor(program: string, args: readonly string[]) {
    this.child = spawn(program, [...args]);
    this.child.stdout.on("data", (bytes: Buffer) => {
      this.#out += bytes.toString();
    });
    this.child.stderr.on("data", (bytes: Buffer) => {
      this.#err += bytes.toString();
    });
    this.child.stdin.on("error", () => undefined);
    this.#ended = once(this.child, "close");
  }

  /** Resolves with the first line that matches, on either output. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    const { stdout, stderr } = this.child;
    return await new Promise((resolve, reject) => {
      for (const input of [stdout, stderr]) {
        createInterface({ input }).on("line", (line) => {
          const found = pattern.exec(line);
          if (found !== null) resolve(found);
        });
      }
      this.child.once("close", () => reject(new Error(`${this.child.spawnfile} ended: ${this.#out}${this.#err}`)));
    });
  }

  /** Resolves with all that it printed when it has ended by itself. */
  async output(): Promise<string> {
    await this.#ended;
    return this.#out;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill();
    await this.#ended;
  }
}

/** Starts a Python program of this folder. */
export function python(file: string, ...args: readonly string[]): Foreign {
  return new Foreign("python3", ["-u", fixture(file), ...args]);
}

/** A file that stands beside the source of the tests, which is not where the compiled tests are. */
function fixture(file: string): string {
  const compiled = fileURLToPath(new URL(file, import.meta.url));
  return compiled.replace(/([\\/])dist([\\/]test[\\/])/, "$2");
}
