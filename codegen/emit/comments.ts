/** Everything that ends up in a comment of generated code goes through here. */
import { commentText } from "../read/doc-text.ts";
import type { Doc, DocTag } from "../read/model.ts";

/** The longest line of generated code. */
export const LINE_WIDTH = 120;

/** Tags that speak to the generator, not to readers of the generated class. */
const OWN_TAGS: ReadonlySet<string> = new Set([
  "phrase",
  "wire",
  "address",
  "needs",
  "group",
  "roles",
  "example",
  "typeParam",
  "template",
]);

/** A doc comment made of `lines`, on one line where it fits and has no tag. */
export function docComment(lines: readonly string[], indent = ""): string {
  const clean = lines.map((line) => commentText(line));
  const [first] = clean;
  if (clean.length === 1 && first !== undefined && !first.startsWith("@")) {
    const single = `${indent}/** ${first} */`;
    if (single.length <= LINE_WIDTH) return single;
  }
  const body = clean.map((line) => (line === "" ? `${indent} *` : `${indent} * ${line}`));
  return [`${indent}/**`, ...body, `${indent} */`].join("\n");
}

/** The lines of `doc` as generated code shows them: without the tags that only the generator reads. */
export function docLines(doc: Doc): string[] {
  const lines = [...doc.description];
  const tags = doc.tags.filter((tag) => !OWN_TAGS.has(tag.name));
  if (lines.length > 0 && tags.length > 0) lines.push("");
  for (const tag of tags) lines.push(...tagLines(tag));
  return lines;
}

function tagLines(tag: DocTag): string[] {
  const [first = "", ...others] = tag.lines;
  return [`@${tag.name}${first === "" ? "" : ` ${first}`}`, ...others];
}

/** Breaks `text` at spaces, so that it fits in a comment indented by `indent` columns. */
export function wrapped(text: string, indent = 0): string[] {
  const width = LINE_WIDTH - indent - " * ".length;
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((each) => each !== "")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return line === "" ? lines : [...lines, line];
}
