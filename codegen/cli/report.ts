/** What is told of a run: to people, and to machines. */
import type { Problem } from "../read/problems.ts";
import { formatProblem } from "../read/problems.ts";
import type { Outcome } from "./run.ts";

/** Where a command says things. */
export interface Terminal {
  /** Whether a person is watching what goes to `out`. */
  readonly isInteractive: boolean;
  /** Tells what was asked for, or what was done. */
  out(line: string): void;
  /** Tells what is wrong. */
  err(line: string): void;
}

/** How a run is to be told. */
export interface Reporting {
  readonly isCheck: boolean;
  /** One line of JSON for each run, and nothing else. */
  readonly isJson?: boolean;
  /** Only what is wrong. */
  readonly isQuiet?: boolean;
  /** The folder that paths of problems are relative to. */
  readonly folder: string;
  /** The command that mends what `--check` found. */
  readonly remedy: string;
}

/** More lines than this tell nobody anything. */
const MOST_LINES = 40;

/** Tells how a run ended. People get what changed and a summary; pipes only what is wrong. */
export function report(outcome: Outcome, reporting: Reporting, terminal: Terminal): void {
  if (reporting.isJson) {
    terminal.out(JSON.stringify(machineForm(outcome, reporting.folder)));
    return;
  }
  for (const problem of outcome.problems) terminal.err(formatProblem(problem, reporting.folder));
  if (outcome.status === 2) return;
  if (reporting.isCheck) tellDifferences(outcome, reporting, terminal);
  else if (terminal.isInteractive && !reporting.isQuiet) tellChanges(outcome, terminal);
}

function tellDifferences({ changes }: Outcome, { remedy }: Reporting, terminal: Terminal): void {
  for (const { kind, path } of changes) terminal.err(`${kind}: ${path}`);
  if (changes.length > 0) terminal.err(`run \`${remedy}\``);
  if (changes.some((each) => each.kind === "stray")) terminal.err("remove stray files by hand");
}

function tellChanges({ changes, classes, files }: Outcome, terminal: Terminal): void {
  for (const { kind, path } of changes.slice(0, MOST_LINES)) {
    terminal.out(`${kind === "orphaned" ? "removed" : "wrote"} ${path}`);
  }
  if (changes.length > MOST_LINES) terminal.out(`… and ${changes.length - MOST_LINES} more`);
  terminal.out(`${classes} classes, ${files} files, ${changes.length} changed`);
}

function machineForm(outcome: Outcome, folder: string): object {
  const { status, classes, files, changes, problems } = outcome;
  return { status, classes, files, changes, problems: problems.map((problem) => machineProblem(problem, folder)) };
}

function machineProblem(problem: Problem, folder: string): object {
  const { position, message } = problem;
  return position === undefined ? { message } : { ...position, message, text: formatProblem(problem, folder) };
}
