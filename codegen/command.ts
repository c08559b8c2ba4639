import { join } from "node:path";
import { parseArgs } from "node:util";
import { compareFolder, OutputError, replaceFile, updateFolder } from "./output.ts";
import { formatProblem, PartsError } from "./problems.ts";
import { generateProject, OUTPUT } from "./project.ts";

/** Where a command says things. */
export interface Terminal {
  /** Tells what was done. */
  out(line: string): void;
  /** Tells what is wrong. */
  err(line: string): void;
}

const USAGE = "usage: generate [--check]";

/**
 * Runs the generator on the project in `root`.
 *
 * @returns the exit status: 0, done; 1, `--check` found differences; 2, bad input or arguments, and nothing was written.
 */
export function runCommand(args: readonly string[], root: string, terminal: Terminal): number {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { check: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    if (positionals.length !== 1 || positionals[0] !== "generate") throw new TypeError(`unknown command\n${USAGE}`);
    return values.check ? check(root, terminal) : write(root, terminal);
  } catch (error) {
    for (const line of explain(error, root)) terminal.err(line);
    return 2;
  }
}

function check(root: string, terminal: Terminal): number {
  const { files, documents } = generateProject(root);
  const differences = compareFolder(join(root, OUTPUT), files).map(({ kind, path }) => `${kind}: ${OUTPUT}/${path}`);
  differences.push(...[...documents.keys()].map((path) => `stale: ${path}`));
  for (const line of differences) terminal.err(line);
  if (differences.length > 0) terminal.err("run `npm run generate`; remove stray files by hand");
  return differences.length > 0 ? 1 : 0;
}

function write(root: string, terminal: Terminal): number {
  const { files, documents, schema } = generateProject(root);
  const differences = updateFolder(join(root, OUTPUT), files);
  for (const [path, text] of documents) replaceFile(join(root, path), text);
  for (const { kind, path } of differences)
    terminal.out(`${kind === "orphaned" ? "removed" : "wrote"} ${OUTPUT}/${path}`);
  for (const path of documents.keys()) terminal.out(`wrote ${path}`);
  const changed = differences.length + documents.size;
  terminal.out(`${schema.cells.length} classes, ${files.size} files, ${changed} changed`);
  return 0;
}

function explain(error: unknown, root: string): string[] {
  if (error instanceof PartsError) return error.problems.map((problem) => formatProblem(problem, root));
  if (error instanceof OutputError || error instanceof TypeError) return [error.message];
  return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
}
