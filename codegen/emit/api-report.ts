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
    classes: emission.schema.cells.map((cell) => classEntry(cell)),
    roles: emission.schema.roles.map((role) => ({ name: roleHead(role), members: role.signatures })),
  });
  return new Map([["api-report.md", text]]);
}

function classEntry(cell: Cell): object {
  const base = cell.baseArguments.map((argument) => typeSource(argument)).join(", ");
  const members = cell.members.toSorted((a, b) => compareText(a.name, b.name));
  return {
    className: cell.className,
    base: `${cell.role.name}${base === "" ? "" : `<${base}>`}`,
    link: cell.defaultLink === undefined ? "" : typeSource(cell.defaultLink),
    framing: cell.framing.name,
    opener: cell.opener?.name,
    isOptional: cell.isOptionsOptional,
    options: members.map((member) => optionLine(member)),
  };
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
