/**
 * Runs the scripts of the conformance tests: an asynchronous client in this process, where its server lives too; a client
 * of any other mode in a child process, for the server has to answer while the client blocks.
 */
import { type ChildProcess, fork } from "node:child_process";
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
  readonly className: string;
  readonly options: Extra;
  readonly script: ScriptName;
  readonly input: unknown;
}

/** What came of it. */
export type ScriptAnswer = { readonly result: unknown } | { readonly error: unknown };

let child: ChildProcess | undefined;

/** Runs a script with a client of this class. */
export async function runScript<Name extends ScriptName>(
  cell: ChannelCell,
  options: Extra,
  script: Name,
  input: ScriptInput<Name>,
): Promise<ScriptResult<Name>> {
  if (cell.mode !== "async") return await runScriptApart(cell, options, script, input);
  const Client = (await cell.load()) as AnyClientClass;
  return (await scripts[script]({ Client, options }, input as never)) as ScriptResult<Name>;
}

/** Runs a script in a child process, which serves one call after another until {@link endScripts}. */
export async function runScriptApart<Name extends ScriptName>(
  { className }: ChannelCell,
  options: Extra,
  script: Name,
  input: ScriptInput<Name>,
): Promise<ScriptResult<Name>> {
  child ??= fork(new URL("./channel-script-child.js", import.meta.url), { execArgv: [], serialization: "advanced" });
  const running = child;
  const gone = once(running, "exit").then(() => {
    throw new Error(`the process of the script ${script} has ended`);
  });
  const request: ScriptRequest = { className, options, script, input };
  running.send(request);
  const [answer] = (await Promise.race([once(running, "message"), gone])) as [ScriptAnswer];
  if ("error" in answer) throw answer.error;
  return answer.result as ScriptResult<Name>;
}

/** Ends the child process, if there is one. */
export async function endScripts(): Promise<void> {
  const ending = child;
  child = undefined;
  if (ending === undefined || ending.exitCode !== null) return;
  const ended = once(ending, "exit");
  ending.disconnect();
  await ended;
}
