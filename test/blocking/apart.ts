/** Runs code that blocks in a process of its own, so that the test can play the other end, and watch. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { ActInput, ActName, ActResult } from "./acts.ts";

/** What the process is told to do. */
export interface ActOrder {
  readonly act: ActName;
  readonly input: unknown;
}

/** What it tells. */
export type ActReport = { readonly note: string } | { readonly result: unknown } | { readonly error: unknown };

/** How sockets are used: by the system's calls, or, where those cannot be called, in a helper thread. */
export type Way = "system" | "relay";
export const WAYS: readonly Way[] = ["system", "relay"];

const withoutKoffi = new URL("../support/without-koffi.js", import.meta.url).href;

/** How a process came to its end. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that runs an act. */
export class Apart<Name extends ActName> implements AsyncDisposable {
  readonly child: ChildProcess;
  /** Resolves with what the act returns. */
  readonly result: Promise<ActResult<Name>>;
  /** Resolves when the process is gone. */
  readonly ended: Promise<Ending>;
  #notes: string[] = [];
  #noted: () => void = () => undefined;

  /**
   * @param way how sockets are used there; in the way of this process if nothing is said.
   * @param execArgv further options of Node.js.
   */
  constructor(act: Name, input: ActInput<Name>, way?: Way, execArgv: readonly string[] = []) {
    const child = fork(new URL("./apart-child.js", import.meta.url), {
      execArgv: [...(way === "relay" ? ["--import", withoutKoffi] : []), ...execArgv],
      env: way === undefined ? process.env : { ...process.env, NODE_OPTIONS: "" },
      serialization: "advanced",
    });
    this.child = child;
    // The last messages may come after the exit.
    const left = Promise.all([once(child, "exit"), once(child, "disconnect")]);
    this.ended = left.then(() => ({ code: child.exitCode, signal: child.signalCode }));
    this.result = new Promise((resolve, reject) => {
      child.on("message", (report: ActReport) => {
        if ("note" in report) {
          this.#notes.push(report.note);
          this.#noted();
        } else if ("error" in report) reject(report.error);
        else resolve(report.result as ActResult<Name>);
      });
      void this.ended.then(({ code, signal }) => reject(new Error(`the process of ${act} ended (${signal ?? code})`)));
    });
    // A test that ends the process does not ask for the result.
    this.result.catch(() => undefined);
    child.send({ act, input } satisfies ActOrder);
  }

  /** Lets an act go on that waits for it. */
  go(): void {
    this.child.send("go");
  }

  /** Resolves when the act has said this. */
  async says(note: string): Promise<void> {
    const gone = this.ended.then(({ code, signal }) => {
      throw new Error(`the process ended (${signal ?? code}) and never said ${note}`);
    });
    gone.catch(() => undefined);
    while (!this.#notes.includes(note)) {
      const noted = new Promise<void>((resolve) => {
        this.#noted = resolve;
      });
      await Promise.race([noted, gone]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGKILL");
    await this.ended;
  }
}

/** Runs an act to its end. */
export async function play<Name extends ActName>(
  act: Name,
  input: ActInput<Name>,
  way?: Way,
): Promise<ActResult<Name>> {
  await using apart = new Apart(act, input, way);
  return await apart.result;
}
