import type { Cell } from "./cell.ts";
import type { Position } from "../read/model.ts";
import { kebabCase, roleName } from "./class-names.ts";
import { compareText, Problems } from "../read/problems.ts";
import type { Schema } from "./schema.ts";

/** Names that were chosen, and where; `undefined` for the command line. */
export interface Choice {
  readonly value: readonly string[];
  readonly position: Position | undefined;
}

/** Which classes are wanted: where nothing is chosen, all. */
export interface Filter {
  readonly modes?: Choice | undefined;
  readonly devices?: Choice | undefined;
  readonly roles?: Choice | undefined;
}

/**
 * The schema with the wanted classes alone.
 *
 * @throws PartsError for names that do not exist, and for framings that are left without a class.
 */
export function selectCells(schema: Schema, filter: Filter): Schema {
  const problems = new Problems();
  const choose = (axis: keyof Filter, names: readonly string[]): ReadonlySet<string> => {
    const known = new Map(names.map((name) => [simple(name), name]));
    const given = filter[axis]?.value ?? [...known.values()];
    for (const name of given.filter((each) => !known.has(simple(each)))) {
      const choices = [...known.values()]
        .map((each) => kebabCase(each))
        .toSorted(compareText)
        .join(", ");
      problems.add(filter[axis]?.position, `${axis}: there is no ${JSON.stringify(name)}; there are ${choices}`);
    }
    return new Set(given.map((name) => simple(name)));
  };
  const modes = choose("modes", [...new Set(schema.modes.map(({ mode }) => mode))]);
  const devices = choose("devices", [...new Set(schema.devices.map(({ deviceName }) => deviceName))]);
  const roles = choose("roles", [...new Set(schema.roles.map(({ className }) => roleName(className)))]);
  problems.throwIfAny();
  const isWanted = ({ mode, fits, role }: Cell): boolean =>
    modes.has(simple(mode.mode)) &&
    fits.some(({ deviceName }) => devices.has(simple(deviceName))) &&
    roles.has(simple(roleName(role.className)));
  const selected = { ...schema, cells: schema.cells.filter((cell) => isWanted(cell)) };
  rejectBarren(schema, selected, problems);
  problems.throwIfAny();
  return selected;
}

/** Names are compared without regard to case and hyphens: `BaseRequestHandler` is `base-request-handler`. */
function simple(name: string): string {
  return name.replaceAll("-", "").toLowerCase();
}

/** A framing that no class comes of is a mistake, either in what it requires or in what was chosen. */
function rejectBarren(schema: Schema, { cells }: Schema, problems: Problems): void {
  for (const framing of schema.framings) {
    if (cells.some((cell) => cell.framing === framing)) continue;
    const isPossible = schema.cells.some((cell) => cell.framing === framing);
    const reasons = new Set(schema.leftOut.filter((each) => each.framing === framing).flatMap((each) => each.reasons));
    const why = isPossible ? "no class fits the modes, devices and roles chosen" : [...reasons].join("; ");
    problems.add(framing.position, `${framing.name} has no class: ${why}`);
  }
}
