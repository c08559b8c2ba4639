/** The text of doc comments: their tags, and what of them may stand in a comment of generated code. */
import type { Doc } from "./model.ts";

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
      // oxlint-disable-next-line no-control-regex -- control characters are what it matches
      .replace(/[\u0000-\u0008\u000B-\u001F\u007F\u0085\u2028\u2029]/g, "")
      .replace(/\*+\//g, "")
      .replace(/\/\*+/g, "")
      .trimEnd()
  );
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
