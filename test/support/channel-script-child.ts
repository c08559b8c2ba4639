/** The process in which clients run that block. */
import { allCells } from "./channel-cells.ts";
import type { ScriptAnswer, ScriptRequest } from "./channel-script-runner.ts";
import { type AnyClientClass, scripts } from "./channel-scripts.ts";

async function run({ id, className, options, script, input }: ScriptRequest): Promise<ScriptAnswer> {
  try {
    const ready = (): void => void process.send?.({ id, isReady: true } satisfies ScriptAnswer);
    const Client = (await allCells.find((cell) => cell.className === className)?.load()) as AnyClientClass;
    return { id, result: await scripts[script]({ Client, options, ready }, input as never) };
  } catch (error) {
    return { id, error };
  }
}

process.on("message", (request: ScriptRequest) => {
  void run(request).then((answer) => process.send?.(answer));
});
