import { relative } from "node:path";
import type { Position } from "./model.ts";

/** Something wrong with a part or a setting, and where. */
export interface Problem {
  /** `undefined` for what was given on the command line. */
  readonly position: Position | undefined;
  /** What is wrong and what would be right. */
  readonly message: string;
}

/** The parts, or the settings, cannot be used. Holds everything that was found, so that all of it can be mended at once. */
export class PartsError extends Error {
  readonly problems: readonly Problem[];

  /** @param problems what was found; at least one. */
  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => formatProblem(problem)).join("\n"));
    this.name = "PartsError";
    this.problems = problems;
  }
}

/** Collects problems while reading goes on. */
export class Problems {
  readonly #found: Problem[] = [];

  /** Notes a problem. */
  add(position: Position | undefined, message: string): void {
    this.#found.push({ position, message });
  }

  /**
   * Stops here if anything was noted.
   *
   * @throws PartsError with all problems, in the order of files and lines.
   */
  throwIfAny(): void {
    if (this.#found.length === 0) return;
    throw new PartsError(this.#found.toSorted((a, b) => comparePositions(a.position, b.position)));
  }
}

/** `file:line:column: message`, or the message alone where there is no position; the file relative to `root` where one is given. */
export function formatProblem(problem: Problem, root?: string): string {
  return problem.position === undefined
    ? problem.message
    : `${formatPosition(problem.position, root)}: ${problem.message}`;
}

/** `file:line:column`. */
export function formatPosition(position: Position, root?: string): string {
  const file = root === undefined ? position.file : relative(root, position.file);
  return `${file}:${position.line}:${position.column}`;
}

function comparePositions(a: Position | undefined, b: Position | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return compareText(a.file, b.file) || a.line - b.line || a.column - b.column;
}

/** Orders text by its code units: the same on every machine, unlike a locale's order. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
