import { lstatSync } from "node:fs";
import { isAbsolute, join, relative, sep } from "node:path";
import { hasOddCharacters } from "../read/odd-characters.ts";

/**
 * Why nothing may be written to a folder; `undefined` if it may. Only below the project, outside of packages, and through
 * no link: a mistake must not overwrite files elsewhere.
 */
export function folderFault(root: string, folder: string): string | undefined {
  const path = relative(root, folder);
  const segments = path === "" ? [] : path.split(sep);
  if (segments[0] === ".." || isAbsolute(path)) return `${folder} is outside of ${root}`;
  if (segments.includes("node_modules")) return `${folder} is inside of node_modules`;
  if (hasOddCharacters(path)) return `the path ${JSON.stringify(path)} has control characters or line breaks in it`;
  for (const [index] of segments.entries()) {
    const way = join(root, ...segments.slice(0, index + 1));
    const stat = lstatSync(way, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    if (stat.isSymbolicLink()) return `${way} is a symbolic link; generated files are not written through links`;
    if (!stat.isDirectory()) return `${way} is in the way: a folder is needed there`;
  }
  return undefined;
}
