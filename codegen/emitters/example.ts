import type { Cell } from "../cell.ts";
import { tagBlock, tagText } from "../comments.ts";
import { roleName } from "../names.ts";
import { PartsError } from "../problems.ts";
import type { Emission } from "./emission.ts";

/**
 * The example of a class: that of its role, with the placeholders filled in. Besides `{{Class}}`, `{{address}}` and
 * `{{package}}`, the name of any role stands for the class of that role with the same mode, device and framing.
 *
 * @throws PartsError for a placeholder that nothing is known for.
 */
export function exampleLines(emission: Emission, cell: Cell): string[] {
  return tagBlock(cell.role.doc, "example").map((line) =>
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
  if (placeholder === "address") return tagText(cell.device.doc, "address");
  const sibling = emission.schema.cells.find(
    (other) =>
      roleName(other.role.className) === placeholder &&
      other.mode === cell.mode &&
      other.device === cell.device &&
      other.framing === cell.framing,
  );
  return sibling?.className;
}
