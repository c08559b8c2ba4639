import { join } from "node:path";
import { parseArgs } from "node:util";
import { run } from "./run.ts";
import { report, type Terminal } from "./report.ts";
import { generateProject, OUTPUT } from "./package-project.ts";

const USAGE = "usage: generate [--check]";

/**
 * Runs the generator on this package itself, in `root`.
 *
 * @returns the exit status: 0, done; 1, `--check` found differences; 2, bad input or arguments, and nothing was written.
 */
export function runCommand(args: readonly string[], root: string, terminal: Terminal): number {
  const isCheck = isCheckAsked(args);
  if (isCheck === undefined) {
    terminal.err(USAGE);
    return 2;
  }
  const outcome = run(() => ({ ...generateProject(root), root, out: join(root, OUTPUT), folders: undefined }), isCheck);
  report(outcome, { isCheck, folder: root, remedy: "npm run generate" }, terminal);
  return outcome.status;
}

/** Whether only a check is wanted; `undefined` for arguments that make no sense. */
function isCheckAsked(args: readonly string[]): boolean | undefined {
  try {
    const options = { check: { type: "boolean", default: false } } as const;
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return positionals.length === 1 && positionals[0] === "generate" ? values.check : undefined;
  } catch {
    return undefined;
  }
}
