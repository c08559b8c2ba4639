import type { Cell } from "../schema/cell.ts";
import { LINE_WIDTH } from "./comments.ts";
import { codeHeader } from "./header.ts";
import { roleName } from "../schema/class-names.ts";
import { compareText } from "../read/problems.ts";
import { type Emission, originOf } from "./emission.ts";

/** `matrix.ts`: the list of all classes by which tests find them. No barrel exports it. */
export function emitMatrix(emission: Emission): Map<string, string> {
  const { cells } = emission.schema;
  const text = emission.render("matrix.hbs", {
    header: codeHeader(originOf(emission, "matrix", ["all roles, devices and framings"])),
    modes: union(
      "mode",
      cells.map((cell) => cell.mode.mode),
    ),
    roles: union(
      "role",
      cells.map((cell) => roleName(cell.role.className)),
    ),
    devices: union(
      "device",
      cells.map((cell) => cell.device?.deviceName ?? ""),
    ),
    framings: union(
      "framing",
      cells.map((cell) => cell.framing.suffix),
    ),
    cells: cells.map((cell) => entry(cell)),
  });
  return new Map([["matrix.ts", text]]);
}

/** What stands after `readonly <name>:`, one literal a line where they are too many for one. */
function union(name: string, values: readonly string[]): string {
  const literals = [...new Set(values)].toSorted(compareText).map((value) => JSON.stringify(value));
  const line = literals.length === 0 ? " never" : ` ${literals.join(" | ")}`;
  if (`  readonly ${name}:${line};`.length <= LINE_WIDTH) return line;
  return literals.map((literal) => `\n    | ${literal}`).join("");
}

function entry(cell: Cell): object {
  return {
    className: JSON.stringify(cell.className),
    mode: JSON.stringify(cell.mode.mode),
    role: JSON.stringify(roleName(cell.role.className)),
    device: JSON.stringify(cell.device?.deviceName ?? ""),
    framing: JSON.stringify(cell.framing.suffix),
    file: JSON.stringify(cell.file),
    load: loading(cell),
  };
}

/** What stands after `load: () =>`. */
function loading(cell: Cell): string {
  const call = `import(${JSON.stringify(`./${cell.file}`)}).then(`;
  const pick = `(module) => module.${cell.className}`;
  const whole = `${call}${pick})`;
  if (`    load: () => ${whole},`.length <= LINE_WIDTH) return ` ${whole}`;
  if (`      ${whole},`.length <= LINE_WIDTH) return `\n      ${whole}`;
  return `\n      ${call}\n        ${pick},\n      )`;
}
