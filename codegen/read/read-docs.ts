import type { JSDocableNode, Node } from "ts-morph";
import type { Doc, DocTag } from "./model.ts";

/** The doc comment of `node`: the last one before it, or an empty one. */
export function readDoc(node: JSDocableNode & Node): Doc {
  const comment = node.getJsDocs().at(-1);
  return comment === undefined ? { description: [], tags: [] } : parseDoc(comment.getText());
}

/** Takes a doc comment apart. An `@` inside a fenced block of code begins no tag. */
export function parseDoc(comment: string): Doc {
  const description: string[] = [];
  const tags: { name: string; lines: string[] }[] = [];
  let isFenced = false;
  for (const line of commentLines(comment)) {
    const tag = isFenced ? null : /^@([A-Za-z]+)(?:\s+(.*))?$/.exec(line);
    if (line.trimStart().startsWith("```")) isFenced = !isFenced;
    if (tag === null) (tags.at(-1)?.lines ?? description).push(line);
    else tags.push({ name: tag[1] ?? "", lines: [tag[2] ?? ""] });
  }
  return { description: trimmed(description), tags: tags.map((tag) => trimmedTag(tag)) };
}

function commentLines(comment: string): string[] {
  const inner = comment.replace(/^\/\*\*+/, "").replace(/\**\*\/$/, "");
  return inner
    .split(/\r?\n/)
    .map((line, index) => (index === 0 ? line.trim() : line.replace(/^\s*\* ?/, "").trimEnd()));
}

function trimmedTag(tag: DocTag): DocTag {
  const [first = "", ...others] = tag.lines;
  return { name: tag.name, lines: [first.trim(), ...trimmedEnd(others)] };
}

function trimmed(lines: readonly string[]): string[] {
  const start = lines.findIndex((line) => line.trim() !== "");
  return start < 0 ? [] : trimmedEnd(lines.slice(start));
}

function trimmedEnd(lines: readonly string[]): string[] {
  const end = lines.findLastIndex((line) => line.trim() !== "");
  return lines.slice(0, end + 1);
}
