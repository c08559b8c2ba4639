/**
 * Runs the scripts of the conformance tests: an asynchronous client in this process, where its server lives too; a client
 * of any other mode in a child process, for the server has to answer while the client blocks.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import type { ChannelCell, Extra } from "./channel-cells.ts";
import {
  type AnyClientClass,
  type ScriptInput,
  type ScriptName,
  type ScriptResult,
  scripts,
} from "./channel-scripts.ts";

/** What a child process is told to run. */
export interface ScriptRequest {
  readonly id: number;
  readonly className: string;
  readonly options: Extra;
  readonly script: ScriptName;
  readonly input: unknown;
}

/** What came of it. */
export type ScriptAnswer = { readonly id: number } & (
  | { readonly result: unknown }
  | { readonly error: unknown }
  | { readonly isReady: true }
);

/** Runs a script with a class. `ready` is called when the script says so. */
export async function runScript<Name extends ScriptName>(
  cell: ChannelCell,
  options: Extra,
  script: Name,
  input: ScriptInput<Name>,
  ready: () => void = () => undefined,
): Promise<ScriptResult<Name>> {
  if (cell.mode !== "async") return await runScriptApart(cell, options, script, input, ready);
  const Client = (await cell.load()) as AnyClientClass;
  return (await scripts[script]({ Client, options, ready }, input as never)) as ScriptResult<Name>;
}

/** Runs a script in a child process, which serves one call after another until {@link endScripts}. */
export async function runScriptApart<Name extends ScriptName>(
  { className }: ChannelCell,
  options: Extra,
  script: Name,
  input: ScriptInput<Name>,
  ready: () => void = () => undefined,
): Promise<ScriptResult<Name>> {
  runner ??= new ScriptRunner();
  return (await runner.run({ className, options, script, input }, ready)) as ScriptResult<Name>;
}

/** Starts the child process if a class here needs it, so that it comes in no test. */
export function startScripts(cells: readonly ChannelCell[]): void {
  if (cells.some(({ mode }) => mode !== "async")) runner ??= new ScriptRunner();
}

/** Ends the child process, if there is one. */
export async function endScripts(): Promise<void> {
  await runner?.end();
  runner = undefined;
}

let runner: ScriptRunner | undefined;

interface PendingScript {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly ready: () => void;
}

/** The child process, and the calls that it has not answered. */
class ScriptRunner {
  readonly #child = fork(new URL("./channel-script-child.js", import.meta.url), {
    execArgv: [],
    serialization: "advanced",
  });
  readonly #ended = once(this.#child, "exit");
  readonly #pending = new Map<number, PendingScript>();
  #calls = 0;

  constructor() {
    this.#child.on("message", (answer: ScriptAnswer) => {
      const call = this.#pending.get(answer.id);
      if ("isReady" in answer) {
        call?.ready();
        return;
      }
      this.#pending.delete(answer.id);
      if ("error" in answer) call?.reject(answer.error);
      else call?.resolve(answer.result);
    });
    this.#child.once("exit", () => {
      for (const { reject } of this.#pending.values()) reject(new Error("the process that runs scripts has ended"));
    });
  }

  run(call: Omit<ScriptRequest, "id">, ready: () => void): Promise<unknown> {
    const id = this.#calls++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, ready });
      this.#child.send({ id, ...call } satisfies ScriptRequest);
    });
  }

  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
  }
}
