/** Everything that ends up in a comment of generated code goes through here. */
import type { Doc, DocTag } from "../read/model.ts";

/** The longest line of generated code. */
export const LINE_WIDTH = 120;

/** Tags that speak to the generator, not to readers of the generated class. */
const OWN_TAGS: ReadonlySet<string> = new Set(["phrase", "wire", "address", "example", "typeParam", "template"]);

/**
 * Text that cannot end the comment it stands in, nor break a line in it: comment ends, control characters and the line
 * and paragraph separators are taken out. Links become plain code, as their targets are not in scope of generated code.
 */
export function commentText(text: string): string {
  return (
    text
      .replace(/\{@link(?:code|plain)?\s+([^}|\s]+)(?:[\s|]+([^}]*))?\}/g, (_, target: string, label?: string) =>
        label === undefined || label.trim() === "" ? `\`${target}\`` : label.trim(),
      )
      // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
      .replace(/[\u0000-\u0008\u000B-\u001F\u007F\u0085\u2028\u2029]/g, "")
      .replace(/\*+\//g, "")
      .replace(/\/\*+/g, "")
      .trimEnd()
  );
}

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

/** The text of the first tag `name` on one line; `undefined` if there is none. */
export function tagText(doc: Doc, name: string): string | undefined {
  const tag = doc.tags.find((each) => each.name === name);
  return tag?.lines.join(" ").replace(/\s+/g, " ").trim();
}

/** The lines of the first tag `name`; none if there is no such tag. */
export function tagBlock(doc: Doc, name: string): readonly string[] {
  return doc.tags.find((each) => each.name === name)?.lines ?? [];
}

/** The description as one line, without its links. */
export function summary(doc: Doc): string {
  const end = doc.description.indexOf("");
  const lines = end < 0 ? doc.description : doc.description.slice(0, end);
  return commentText(lines.join(" "));
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
