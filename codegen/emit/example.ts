import type { Cell } from "../schema/cell.ts";
import { tagBlock, tagText } from "../read/doc-text.ts";
import { roleName } from "../schema/class-names.ts";
import type { DevicePart } from "../read/model.ts";
import { PartsError } from "../read/problems.ts";
import type { Emission } from "./emission.ts";

/**
 * The example of a class: that of its role, with the placeholders filled in. Besides `{{Class}}`, `{{address}}` and
 * `{{package}}`, the name of any role stands for the class of that role with the same mode, device and framing. Where that
 * one is not generated, there is no example.
 *
 * @throws PartsError for a placeholder that nothing is known for.
 */
export function exampleLines(emission: Emission, cell: Cell): string[] {
  const lines = tagBlock(cell.role.doc, "example");
  // The class that goes with this one was not asked for.
  if (placeholdersIn(lines).some((name) => isRole(emission, name) && sibling(emission, cell, name) === undefined))
    return [];
  return lines.map((line) =>
    line.replace(/\{\{(\w+)\}\}/g, (_, placeholder: string) => {
      const value = fill(emission, cell, placeholder);
      if (value !== undefined) return value;
      const message = `the example of ${cell.role.name} has {{${placeholder}}}, which ${cell.className} has nothing for`;
      throw new PartsError([{ position: cell.role.position, message }]);
    }),
  );
}

function fill(emission: Emission, cell: Cell, placeholder: string): string | undefined {
  if (placeholder === "Class") return cell.className;
  if (placeholder === "package") return emission.packageName;
  if (placeholder === "address") return sampleOptions(cell, deviceOf(cell));
  return sibling(emission, cell, placeholder)?.className;
}

/** Options that instances of a class can be made with: an address, and what its framing cannot do without. */
export function sampleOptions({ framing }: Cell, device: DevicePart): string | undefined {
  const address = tagText(device.doc, "address");
  const needed = tagText(framing.doc, "needs");
  return address === undefined || needed === undefined ? address : `${address}, ${needed}`;
}

function placeholdersIn(lines: readonly string[]): string[] {
  return lines.flatMap((line) => [...line.matchAll(/\{\{(\w+)\}\}/g)].map(([, name = ""]) => name));
}

function isRole({ schema }: Emission, name: string): boolean {
  return schema.roles.some((role) => roleName(role.className) === name);
}

function sibling({ schema }: Emission, cell: Cell, name: string): Cell | undefined {
  return schema.cells.find(
    (other) =>
      other.framing === cell.framing &&
      other.mode === cell.mode &&
      (other.device === undefined || other.device === deviceOf(cell)) &&
      roleName(other.role.className) === name,
  );
}

/** The device of the example: that of the class; where it fits several, the one that can do most. */
function deviceOf({ device, fits }: Cell): DevicePart {
  const [first] = fits.toSorted((a, b) => b.provides.length - a.provides.length);
  return device ?? (first as DevicePart);
}
