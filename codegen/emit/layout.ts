/** How long declarations are broken into lines. It agrees with the project's formatter, so that nothing is left to format. */
import { LINE_WIDTH } from "./comments.ts";
import type { OptionMember, TypeText } from "../read/model.ts";
import { oneLine, typeSource } from "../read/type-text.ts";

/** `prefix(items)suffix` on one line, or with each item on a line of its own. */
export function bracketed(
  prefix: string,
  items: readonly string[],
  suffix: string,
  indent: string,
  brackets: readonly [string, string] = ["(", ")"],
): string {
  const [open, close] = brackets;
  const space = open === "{" ? " " : "";
  const single = `${indent}${prefix}${open}${space}${items.join(", ")}${space}${close}${suffix}`;
  if (items.length === 0 || (single.length <= LINE_WIDTH && !single.includes("\n"))) return single;
  const lines = items.map((item) => `${indent}  ${item},`);
  return [`${indent}${prefix}${open}`, ...lines, `${indent}${close}${suffix}`].join("\n");
}

/** The head of a generic class that extends another, up to and including the brace. */
export function classHead(
  name: string,
  parameters: readonly string[],
  base: string,
  baseArguments: readonly string[],
): string {
  const generics = parameters.length === 0 ? "" : `<${parameters.join(", ")}>`;
  const upToBase = `export class ${name}${generics} extends ${base}`;
  const list = baseArguments.length === 0 ? "" : `<${baseArguments.join(", ")}>`;
  const single = `${upToBase}${list} {`;
  if (single.length <= LINE_WIDTH) return single;
  if (parameters.length === 0 || upToBase.length + 1 <= LINE_WIDTH) {
    const lines = baseArguments.map((argument, index) => `  ${argument}${index < baseArguments.length - 1 ? "," : ""}`);
    return [`${upToBase}<`, ...lines, "> {"].join("\n");
  }
  const broken = parameters.map((parameter) => `  ${parameter},`);
  return [`export class ${name}<`, ...broken, `> extends ${base}${list} {`].join("\n");
}

/** The head of an interface, up to and including the brace. */
export function interfaceHead(name: string, parameters: readonly string[]): string {
  if (parameters.length === 0) return `export interface ${name} {`;
  return bracketed(`export interface ${name}`, parameters, " {", "", ["<", ">"]);
}

/** `declaration = value;`, with a line break after the equals sign where it is too long. */
export function assignment(declaration: string, value: string, indent: string): string {
  const single = `${indent}${declaration} = ${value};`;
  return single.length <= LINE_WIDTH ? single : `${indent}${declaration} =\n${indent}  ${value};`;
}

/** The declaration of an option in an interface. */
export function memberDeclaration(member: OptionMember, indent: string): string {
  const name = `${member.isReadonly ? "readonly " : ""}${member.name}${member.isOptional ? "?" : ""}`;
  const { shape } = member;
  if (shape.kind !== "property") {
    const parameters = shape.parameters.map((each) => `${each.name}: ${tidySource(each.type)}`);
    const returns = tidySource(shape.returns);
    if (shape.kind === "method") return bracketed(name, parameters, `: ${returns};`, indent);
    return bracketed(`${name}: `, parameters, ` => ${returns};`, indent);
  }
  const source = tidySource(shape.type);
  const single = `${indent}${name}: ${source};`;
  const isShort = single.split("\n").every((line) => line.length <= LINE_WIDTH);
  return isShort ? single : (brokenProperty(name, oneLine(source), indent) ?? single);
}

/** The text of a type on one line, unless there are braces in it, which may hold lines and comments of their own. */
function tidySource(type: TypeText): string {
  const source = typeSource(type);
  return source.includes("{") ? source : oneLine(source).replace(/^\| /, "");
}

/** A union with each of its types on a line, or a generic type with each of its arguments on one. */
function brokenProperty(name: string, source: string, indent: string): string | undefined {
  const union = splitTopLevel(source.replace(/^\| /, ""), "|");
  if (union.length > 1) {
    return [`${indent}${name}:`, ...union.map((each) => `${indent}  | ${each}`)].join("\n").concat(";");
  }
  const generic = /^([A-Za-z_$][\w$.]*)<(.*)>$/.exec(source);
  if (generic === null) return undefined;
  const [, head = "", inner = ""] = generic;
  const lines = splitTopLevel(inner, ",").map((each) => `${indent}  ${each}`);
  return [`${indent}${name}: ${head}<`, lines.join(",\n"), `${indent}>;`].join("\n");
}

/** Splits at `separator` outside of brackets and strings. */
function splitTopLevel(source: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = "";
  let start = 0;
  for (let index = 0; index < source.length; index++) {
    const character = source.charAt(index);
    if (quote !== "") {
      if (character === quote) quote = "";
    } else if (`"'\``.includes(character)) quote = character;
    else if ("<([{".includes(character)) depth++;
    // The arrow of a function type closes nothing.
    else if (")]}".includes(character) || (character === ">" && source[index - 1] !== "=")) depth--;
    else if (character === separator && depth === 0) {
      parts.push(source.slice(start, index).trim());
      start = index + 1;
    }
  }
  return [...parts, source.slice(start).trim()];
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** A Markdown table with its columns aligned. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows].map((row) => row.map((cell) => cell.replace(/\|/g, String.raw`\|`)));
  const widths = header.map((_, column) => Math.max(3, ...all.map((row) => (row[column] ?? "").length)));
  const [first = [], ...others] = all.map((row) =>
    tableLine(widths.map((width, column) => (row[column] ?? "").padEnd(width))),
  );
  return [first, tableLine(widths.map((width) => "-".repeat(width))), ...others].join("\n");
}
