import type { Cell } from "../schema/cell.ts";
import { oneLine, memberType, typeSource } from "../read/type-text.ts";
import { tagText } from "../read/doc-text.ts";
import { markdownHeader } from "./header.ts";
import type { OptionMember, RolePart } from "../read/model.ts";
import { compareText } from "../read/problems.ts";
import { type Emission, originOf } from "./emission.ts";

/** `api-report.md`: every class with its options, and the members of the role classes, in a form made for diffs. */
export function emitApiReport(emission: Emission): Map<string, string> {
  const text = emission.render("api-report.hbs", {
    header: markdownHeader(originOf(emission, "api-report", ["all roles, devices and framings"])),
    classes: emission.schema.cells.map((cell) => ({ name: cell.className, lines: classLines(cell) })),
    roles: emission.schema.roles.map((role) => ({ name: roleHead(role), lines: role.signatures })),
  });
  return new Map([["api-report.md", text]]);
}

function classLines(cell: Cell): string[] {
  const base = cell.baseArguments.map((argument) => typeSource(argument)).join(", ");
  const members = cell.members.toSorted((a, b) => compareText(a.name, b.name));
  return [
    `extends ${cell.role.name}${base === "" ? "" : `<${base}>`}`,
    `framing = ${cell.framing.name}`,
    ...(cell.opener === undefined ? [] : [`open = ${cell.opener.name}`]),
    `options${cell.isOptionsOptional ? "?" : ""}:`,
    ...members.map((member) => `  ${optionLine(member)}`),
  ];
}

function optionLine(member: OptionMember): string {
  const fallback = tagText(member.doc, "defaultValue");
  const type = oneLine(memberType(member));
  return `${member.name}${member.isOptional ? "?" : ""}: ${type}${fallback === undefined ? "" : ` = ${fallback}`}`;
}

function roleHead(role: RolePart): string {
  const parameters = role.typeParameters.length === 0 ? "" : `<${role.typeParameters.join(", ")}>`;
  return `${role.name}${parameters}`;
}
