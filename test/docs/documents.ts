/** The documents and the code in them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A piece of TypeScript in a document. */
export interface Block {
  /** The document and the number of the line on which the block begins: `README.md:27`. */
  readonly place: string;
  readonly code: string;
  /** Where in the project the code belongs, if its first line is a comment that says so. */
  readonly path: string | undefined;
}

/** The README and all pages in `docs/` and its folders, by their path in the project. */
export function documents(root: string): ReadonlyMap<string, string> {
  const pages = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".md"),
  );
  const paths = ["README.md", ...pages.map((name) => `docs/${name}`)];
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

/** The blocks of TypeScript in a document, in order. */
export function blocksOf(path: string, text: string): Block[] {
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ 1: code = "", index }) => ({
    place: `${path}:${text.slice(0, index).split("\n").length}`,
    code,
    path: /^\/\/ (src\/\S+\.ts)\n/.exec(code)?.[1],
  }));
}
