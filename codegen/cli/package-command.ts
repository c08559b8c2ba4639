import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Parts } from "../read/model.ts";
import { readParts } from "../read/read-parts.ts";
import { findParts, generateProject, generateTestClasses, OUTPUT, TEST_OUTPUT } from "./package-project.ts";
import { report, type Terminal } from "./report.ts";
import { failure, joinOutcomes, type Outcome, run } from "./run.ts";

const USAGE = "usage: generate [--check]";

/**
 * Runs the generator on this package itself, in `root`.
 *
 * @returns the exit status: 0, done; 1, `--check` found differences; 2, bad input or arguments.
 */
export function runCommand(args: readonly string[], root: string, terminal: Terminal): number {
  const isCheck = isCheckAsked(args);
  if (isCheck === undefined) {
    terminal.err(USAGE);
    return 2;
  }
  const outcome = runBoth(root, isCheck);
  report(outcome, { isCheck, folder: root, remedy: "npm run generate" }, terminal);
  return outcome.status;
}

/** The published classes, and then those of the tests. */
function runBoth(root: string, isCheck: boolean): Outcome {
  let parts: Parts;
  try {
    parts = readParts(findParts(root));
  } catch (error) {
    return failure(error);
  }
  const project = { root, folders: undefined };
  const published = run(() => ({ ...generateProject(root, parts), ...project, out: join(root, OUTPUT) }), isCheck);
  if (published.status === 2) return published;
  const tests = run(() => ({ ...generateTestClasses(root, parts), ...project, out: join(root, TEST_OUTPUT) }), isCheck);
  return joinOutcomes(published, tests);
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
