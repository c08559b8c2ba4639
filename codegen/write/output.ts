import { randomUUID } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isGenerated } from "../emit/header.ts";
import { compareText } from "../read/problems.ts";

/** How a file on the disk differs from what would be generated. */
export interface Difference {
  /**
   * `"missing"`: not there; `"stale"`: other text; `"orphaned"`: generated once, and no longer; `"stray"`: never generated.
   */
  readonly kind: "missing" | "stale" | "orphaned" | "stray";
  /** The path below the output root. */
  readonly path: string;
}

/** Something is in the way of writing. Nothing was written. */
export class OutputError extends Error {
  /** @param reasons one line each. */
  constructor(reasons: readonly string[]) {
    super(reasons.join("\n"));
    this.name = "OutputError";
  }
}

/**
 * Compares a folder with what should be in it, both ways.
 *
 * @param folders the folders in it that are looked into, beside the folder itself; without them, all, however deep.
 */
export function compareFolder(
  root: string,
  files: ReadonlyMap<string, string>,
  folders?: readonly string[],
): Difference[] {
  const differences: Difference[] = [];
  const found = new Set(listFiles(root, folders));
  for (const [path, text] of files) {
    if (!found.has(path)) differences.push({ kind: "missing", path });
    else if (readFileSync(join(root, path), "utf8") !== text) differences.push({ kind: "stale", path });
  }
  for (const path of found) {
    if (files.has(path)) continue;
    const isOurs = lstatSync(join(root, path)).isFile() && isGenerated(readFileSync(join(root, path), "utf8"));
    differences.push({ kind: isOurs ? "orphaned" : "stray", path });
  }
  return differences.toSorted((a, b) => compareText(a.path, b.path));
}

/**
 * Brings a folder up to date: writes what differs, and removes what was generated once and no longer is. All targets are
 * checked before the first is written, and each file is replaced in one step.
 *
 * @param folders as for {@link compareFolder}.
 * @returns what was done.
 * @throws OutputError if a target lies outside of the folder or behind a symbolic link, if two differ in letter case only,
 *   or if something that was not generated is in the way.
 */
export function updateFolder(
  root: string,
  files: ReadonlyMap<string, string>,
  folders?: readonly string[],
): Difference[] {
  checkTargets(root, files, folders);
  const differences = compareFolder(root, files, folders).filter((each) => each.kind !== "stray");
  // First, as the file system may take an old name for the new one in other letter case.
  for (const { path } of differences.filter((each) => each.kind === "orphaned")) rmSync(join(root, path));
  for (const { path } of differences.filter((each) => each.kind !== "orphaned")) {
    replaceFile(join(root, path), files.get(path) ?? "");
  }
  return differences;
}

/** Checks that every target can be written, and writes nothing. */
export function checkTargets(root: string, files: ReadonlyMap<string, string>, folders?: readonly string[]): void {
  const reasons = [...files.keys()].flatMap((path) => pathFault(root, path) ?? []);
  const byCase = new Map<string, string>();
  for (const path of files.keys()) {
    const other = byCase.get(path.toLowerCase());
    byCase.set(path.toLowerCase(), path);
    if (other !== undefined) reasons.push(`${path} and ${other} differ in letter case only`);
  }
  if (reasons.length === 0) {
    for (const { kind, path } of compareFolder(root, files, folders)) {
      const target = kind === "stray" ? byCase.get(path.toLowerCase()) : undefined;
      if (target !== undefined) reasons.push(`${path}, which was not generated, is in the way of ${target}`);
    }
  }
  if (reasons.length > 0) throw new OutputError(reasons);
}

/** Writes a file in one step: whoever reads it sees the old text or the new, never a part. */
export function replaceFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    writeFileSync(temporary, text, { flag: "wx" });
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function pathFault(root: string, path: string): string | undefined {
  const segments = path.split("/");
  const isInside = segments.every((segment) => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(segment));
  if (!isInside) return `${JSON.stringify(path)} is not a plain path below ${root}`;
  let folder = root;
  for (const segment of ["", ...segments]) {
    folder = join(folder, segment);
    const stat = lstatSync(folder, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    if (stat.isSymbolicLink()) return `${folder} is a symbolic link; generated files are not written through links`;
    const isTarget = folder === join(root, path);
    if (!isTarget && !stat.isDirectory()) return `${folder} is in the way: a folder is needed there`;
    if (isTarget && !stat.isFile()) return `${folder} is in the way: a file is to be written there`;
    if (isTarget && !isGenerated(readFileSync(folder, "utf8")))
      return `${folder} was not generated and is not overwritten`;
  }
  return undefined;
}

/** The files in a folder, as paths with `/`. Links are not followed. */
function listFiles(root: string, folders: readonly string[] | undefined): string[] {
  const found: string[] = [];
  const waiting = ["", ...(folders ?? [])];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (!lstatSync(join(root, folder), { throwIfNoEntry: false })?.isDirectory()) continue;
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (!entry.isDirectory()) found.push(path);
      else if (folders === undefined) waiting.push(path);
    }
  }
  return found.toSorted(compareText);
}
