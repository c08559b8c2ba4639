/** How long declarations are broken into lines. It agrees with the project's formatter, so that nothing is left to format. */
import { LINE_WIDTH } from "./comments.ts";
import type { OptionMember, TypeText } from "../read/model.ts";
import { oneLine, typeSource } from "../read/type-text.ts";

/** What stands in the brackets of `prefix(items)suffix`: on one line, or with each item on a line of its own. */
export function bracketed(prefix: string, items: readonly string[], suffix: string, indent: string): string {
  const single = items.join(", ");
  const line = `${indent}${prefix}(${single})${suffix}`;
  if (items.length === 0 || (line.length <= LINE_WIDTH && !line.includes("\n"))) return single;
  return `\n${items.map((item) => `${indent}  ${item},\n`).join("")}${indent}`;
}

/** The parts of the head of a class, broken into lines where the head is too long: `class Name{{parameters}} extends {{base}} {`. */
export function classHead(
  name: string,
  parameters: readonly string[],
  base: string,
  baseArguments: readonly string[],
): { readonly parameters: string; readonly base: string } {
  const generics = listed(parameters);
  const upToBase = `export class ${name}${generics} extends ${base}`;
  const list = listed(baseArguments);
  if (`${upToBase}${list} {`.length <= LINE_WIDTH) return { parameters: generics, base: base + list };
  if (parameters.length === 0 || upToBase.length + 1 <= LINE_WIDTH) {
    return { parameters: generics, base: `${base}<\n${baseArguments.map((each) => `  ${each}`).join(",\n")}\n>` };
  }
  return { parameters: broken(parameters), base: base + list };
}

/** The type parameters of an interface, broken into lines where its head is too long. */
export function interfaceParameters(name: string, parameters: readonly string[]): string {
  const single = listed(parameters);
  return `export interface ${name}${single} {`.length <= LINE_WIDTH ? single : broken(parameters);
}

/** What stands after the `=` of a declaration: the value, on a line of its own where it does not fit. */
export function assigned(declaration: string, value: string, indent: string): string {
  const isShort = `${indent}${declaration} = ${value};`.length <= LINE_WIDTH;
  return isShort ? ` ${value}` : `\n${indent}  ${value}`;
}

function listed(items: readonly string[]): string {
  return items.length === 0 ? "" : `<${items.join(", ")}>`;
}

function broken(items: readonly string[]): string {
  return `<\n${items.map((item) => `  ${item},\n`).join("")}>`;
}

/** The declaration of an option in an interface, whose first line is indented already. */
export function memberDeclaration(member: OptionMember, indent: string): string {
  const name = `${member.isReadonly ? "readonly " : ""}${member.name}${member.isOptional ? "?" : ""}`;
  const { shape } = member;
  if (shape.kind !== "property") {
    const parameters = shape.parameters.map((each) => `${each.name}: ${tidySource(each.type)}`);
    const returns = tidySource(shape.returns);
    const [prefix, suffix] = shape.kind === "method" ? [name, `: ${returns};`] : [`${name}: `, ` => ${returns};`];
    return `${prefix}(${bracketed(prefix, parameters, suffix, indent)})${suffix}`;
  }
  const source = tidySource(shape.type);
  const single = `${name}: ${source};`;
  const isShort = `${indent}${single}`.split("\n").every((line) => line.length <= LINE_WIDTH);
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
    return [`${name}:`, ...union.map((each) => `${indent}  | ${each}`)].join("\n").concat(";");
  }
  const generic = /^([A-Za-z_$][\w$.]*)<(.*)>$/.exec(source);
  if (generic === null) return undefined;
  const [, head = "", inner = ""] = generic;
  const lines = splitTopLevel(inner, ",").map((each) => `${indent}  ${each}`);
  return [`${name}: ${head}<`, lines.join(",\n"), `${indent}>;`].join("\n");
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
