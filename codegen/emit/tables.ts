import type { Cell } from "../schema/cell.ts";
import { commentText, tagText } from "../read/doc-text.ts";
import { markdownTable } from "./layout.ts";
import type { OptionMember } from "../read/model.ts";
import { framingTitle } from "../schema/class-names.ts";
import { compareText } from "../read/problems.ts";
import { phraseOf, type Schema } from "../schema/schema.ts";
import { memberType } from "../read/type-text.ts";

/** The tables that documents hold between `<!-- generated:name -->` and `<!-- /generated:name -->`, by name. */
export function makeTables(schema: Schema): ReadonlyMap<string, string> {
  return new Map([
    ["matrix", matrixTable(schema)],
    ["framings", framingsTable(schema)],
    ["options", optionsTable(schema)],
  ]);
}

/** A document with its generated regions brought up to date. Without regions it stays as it is. */
export function fillRegions(document: string, tables: ReadonlyMap<string, string>): string {
  let filled = document;
  for (const [name, table] of tables) {
    const region = new RegExp(`(<!-- generated:${name} -->\\n)[^]*?(<!-- /generated:${name} -->)`, "g");
    // The table stands in a function, so that a `$` in it is only a `$`.
    filled = filled.replace(region, (_, start: string, end: string) => `${start}\n${table}\n\n${end}`);
  }
  return filled;
}

/** Which classes there are: a row for each role on each device, a column for each framing. */
export function matrixTable(schema: Schema): string {
  const header = ["class", "what it does", ...schema.framings.map((framing) => code(framingTitle(framing.suffix)))];
  const rows = schema.roles.flatMap((role) =>
    [undefined, ...schema.devices].flatMap((device) => {
      const cells = schema.cells.filter((cell) => cell.role === role && cell.device === device);
      const [first] = cells;
      if (first === undefined) return [];
      const name = first.className.slice(0, first.className.length - first.framing.suffix.length);
      const marks = schema.framings.map((framing) => (cells.some((cell) => cell.framing === framing) ? "yes" : "–"));
      return [[code(name), phraseOf(role), ...marks]];
    }),
  );
  return [markdownTable(header, rows), "", ...reasonsUnder(schema)].join("\n").trimEnd();
}

/** Why some classes of a row are missing. Rows that are missing altogether need no excuse. */
function reasonsUnder(schema: Schema): string[] {
  const rows = schema.leftOut.filter(({ role, device }) =>
    schema.cells.some((cell) => cell.role === role && cell.device === device),
  );
  const reasons = new Set(rows.flatMap((each) => each.reasons));
  return [`${schema.cells.length} classes.`, ...[...reasons].toSorted(compareText).map((reason) => `–: ${reason}.`)];
}

function framingsTable(schema: Schema): string {
  const rows = schema.framings.map((framing) => {
    const options = framing.options.members.map((member) => {
      const fallback = tagText(member.doc, "defaultValue");
      return `${code(member.name)}${fallback === undefined ? "" : ` = ${commentText(fallback)}`}`;
    });
    return [
      code(framingTitle(framing.suffix)),
      tagText(framing.doc, "wire") ?? "",
      phraseOf(framing),
      options.join(", "),
    ];
  });
  return markdownTable(["framing", "on the wire", "a message", "options"], rows);
}

interface OptionRow {
  readonly member: OptionMember;
  readonly type: string;
  readonly cells: Cell[];
}

function optionsTable(schema: Schema): string {
  const rows = new Map<string, OptionRow>();
  for (const cell of schema.cells) {
    // Hooks are methods, and the same everywhere: a row for each of their signatures would only hide the settings.
    for (const member of cell.members.filter(({ shape }) => shape.kind !== "method")) {
      const type = memberType(member)
        .replaceAll(cell.self, "Self")
        .replaceAll(`typeof ${cell.framing.name}`, "Framing");
      const fallback = tagText(member.doc, "defaultValue") ?? "";
      const key = JSON.stringify([member.name, type, member.isOptional, fallback]);
      const row = rows.get(key) ?? { member, type, cells: [] };
      rows.set(key, row);
      row.cells.push(cell);
    }
  }
  const sorted = [...rows].toSorted(([a], [b]) => compareText(a, b)).map(([, row]) => row);
  return markdownTable(
    ["option", "type", "default", "classes"],
    sorted.map(({ member, type, cells }) => [
      code(member.name),
      code(type),
      member.isOptional ? commentText(tagText(member.doc, "defaultValue") ?? "") : "required",
      describeCells(schema, cells),
    ]),
  );
}

/** Which classes these are, in as few words as are exact. */
function describeCells(schema: Schema, cells: readonly Cell[]): string {
  if (cells.length === schema.cells.length) return "all";
  const suffixes = new Set(cells.map((cell) => cell.framing.suffix));
  const ofFramings = schema.cells.filter((cell) => suffixes.has(cell.framing.suffix));
  const framings = [...suffixes].map((suffix) => (suffix === "" ? "basic framing" : code(`…${suffix}`))).join(", ");
  if (ofFramings.length === cells.length) return framings;
  const [device] = new Set(cells.map((cell) => cell.device?.deviceName));
  const named = schema.cells.filter((cell) => device !== undefined && cell.familyName.includes(device));
  if (named.length === cells.length && named.every((cell) => cells.includes(cell))) return code(`…${device}…`);
  const families = new Set(cells.map((cell) => keyOf(cell)));
  const ofFamilies = schema.cells.filter((cell) => families.has(keyOf(cell)));
  const names = familyNames(schema, families).join(", ");
  return ofFamilies.length === cells.length ? names : `${names} with ${framings}`;
}

/** Families of classes, without the mode where all modes that have the family are meant. */
function familyNames(schema: Schema, families: ReadonlySet<string>): string[] {
  const names = schema.cells
    .filter((cell) => families.has(keyOf(cell)))
    .map((cell) => {
      const isEveryMode = schema.cells.every(
        (each) => each.familyName !== cell.familyName || families.has(keyOf(each)),
      );
      return code(isEveryMode ? `${cell.familyName}…` : `${withoutSuffix(cell)}…`);
    });
  return [...new Set(names)];
}

/** The family of a class, with its mode. */
function keyOf(cell: Cell): string {
  return `${cell.mode.mode} ${cell.familyName}`;
}

function withoutSuffix(cell: Cell): string {
  return cell.className.slice(0, cell.className.length - cell.framing.suffix.length);
}

function code(text: string): string {
  return `\`${text}\``;
}
