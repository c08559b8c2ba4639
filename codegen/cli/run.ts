/** One run of the generator, for whichever project: what is done with what it makes, and what is told of it. */
import { join, relative, sep } from "node:path";
import type { Generated } from "../emit/generate.ts";
import { compareFolder, type Difference, OutputError, replaceFile, updateFolder } from "../write/output.ts";
import { PartsError, type Problem } from "../read/problems.ts";
import type { Schema } from "../schema/schema.ts";

/** What a project makes, and where it goes. */
export interface Product extends Generated {
  readonly schema: Schema;
  /** The folder of the project: what is told of paths is relative to it. */
  readonly root: string;
  /** The absolute path of the folder to write to. */
  readonly out: string;
  /** The folders below it that generated files can be in; all, if it belongs to the generator alone. */
  readonly folders: readonly string[] | undefined;
}

/** How a run ended. */
export interface Outcome {
  /** 0: done; 1: `--check` found differences; 2: bad input, and nothing was written. */
  readonly status: 0 | 1 | 2;
  readonly classes: number;
  readonly files: number;
  /** What was written or removed, or would be; paths relative to the project. */
  readonly changes: readonly Difference[];
  readonly problems: readonly Problem[];
}

/** Makes everything, and writes it, or only compares it. */
export function run(make: () => Product, isCheck: boolean): Outcome {
  try {
    const product = make();
    const { schema, files } = product;
    const changes = isCheck ? compare(product) : write(product);
    const status = isCheck && changes.length > 0 ? 1 : 0;
    return { status, classes: schema.cells.length, files: files.size, changes, problems: [] };
  } catch (error) {
    return failure(error);
  }
}

/**
 * The outcome of a run that could not begin or go on.
 *
 * @throws the error itself, if it is not about what was given.
 */
export function failure(error: unknown): Outcome {
  const nothing = { status: 2, classes: 0, files: 0, changes: [] } as const;
  if (error instanceof PartsError) return { ...nothing, problems: error.problems };
  if (!(error instanceof OutputError) && !isSystemError(error)) throw error;
  const problems = error.message.split("\n").map((message) => ({ position: undefined, message }));
  return { ...nothing, problems };
}

/** The outcome of two runs of which the second followed the first. */
export function joinOutcomes(first: Outcome, second: Outcome): Outcome {
  return {
    status: second.status === 2 || first.status === 0 ? second.status : first.status,
    classes: first.classes + second.classes,
    files: first.files + second.files,
    changes: [...first.changes, ...second.changes],
    problems: [...first.problems, ...second.problems],
  };
}

function compare(product: Product): Difference[] {
  const differences = compareFolder(product.out, product.files, product.folders);
  // In a user's folder there may be files of their own.
  const counted = differences.filter((each) => each.kind !== "stray" || product.folders === undefined);
  return [...counted.map((each) => inProject(product, each)), ...staleDocuments(product)];
}

function write(product: Product): Difference[] {
  const differences = updateFolder(product.out, product.files, product.folders);
  for (const [path, text] of product.documents) replaceFile(join(product.root, path), text);
  return [...differences.map((each) => inProject(product, each)), ...staleDocuments(product)];
}

function staleDocuments({ documents }: Product): Difference[] {
  return [...documents.keys()].map((path) => ({ kind: "stale", path }));
}

function inProject({ root, out }: Product, { kind, path }: Difference): Difference {
  const folder = relative(root, out).split(sep).join("/");
  return { kind, path: folder === "" ? path : `${folder}/${path}` };
}

/** No permission, no space, and the like. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && "syscall" in error;
}
