import { type Cell, type CellParts, makeCell } from "./cell.ts";
import { summary, tagText } from "../read/doc-text.ts";
import type { DevicePart, FramingPart, ModePart, Part, Parts, RolePart } from "../read/model.ts";
import { openerName } from "../read/names.ts";
import { compareText, formatPosition, Problems } from "../read/problems.ts";

/** A combination of parts that has no class. */
export interface LeftOut {
  readonly role: RolePart;
  /** `undefined` for roles that belong to no device. */
  readonly device: DevicePart | undefined;
  readonly framing: FramingPart;
  /** Why, in words for people; at least one reason. */
  readonly reasons: readonly string[];
}

/**
 * The whole matrix: every combination of a role with a device and a framing, either as a class or with a reason. A role
 * without a device in its name is combined with the framings alone.
 */
export interface Schema {
  readonly cells: readonly Cell[];
  readonly leftOut: readonly LeftOut[];
  /** The modes that some role has, sorted. */
  readonly modes: readonly ModePart[];
  /** The framings, sorted by suffix. */
  readonly framings: readonly FramingPart[];
  /** The devices, sorted by name. */
  readonly devices: readonly DevicePart[];
  /** The roles, sorted by mode and class name. */
  readonly roles: readonly RolePart[];
}

/**
 * Links the parts, decides which of them fit together, and freezes the result.
 *
 * @throws PartsError if parts contradict each other.
 */
export function makeSchema(parts: Parts): Schema {
  const problems = new Problems();
  const roles = parts.roles.toSorted((a, b) => compareText(a.mode, b.mode) || compareText(a.className, b.className));
  const devices = parts.devices.toSorted((a, b) => compareText(a.deviceName, b.deviceName));
  const framings = parts.framings.toSorted((a, b) => compareText(a.suffix, b.suffix));
  const modes = modesOf(roles, parts.modes, problems);
  rejectTwins(roles, roleKey, "role", problems);
  rejectTwins(devices, (device) => device.deviceName, "device name", problems);
  rejectTwins(framings, (framing) => framing.suffix, "suffix", problems);
  rejectUnknownRoles(parts, problems);
  problems.throwIfAny();
  const { cells, leftOut } = new Matrix(parts, modes, problems).combine(roles, devices, framings);
  problems.throwIfAny();
  rejectCollisions(cells, problems);
  problems.throwIfAny();
  return deepFreeze({ cells, leftOut, modes, framings, devices, roles });
}

/** The parts that classes for `audience` are made of. Tests use the published classes that belong to no device. */
export function partsFor(audience: DevicePart["audience"], parts: Parts): Parts {
  const devices = parts.devices.filter((device) => device.audience === audience);
  const roles = parts.roles.filter((role) => audience === "users" || hasDevice(role));
  return { ...parts, devices, roles };
}

/** Whether classes of a role belong to a device each, which their names have for the `*`. */
function hasDevice(role: RolePart): boolean {
  return role.className.includes("*");
}

/** Two roles may share a class name if they serve different devices. */
function roleKey({ mode, className, requires, excludes }: RolePart): string {
  return [
    mode,
    className,
    ...requires.map((each) => `with ${each}`),
    ...excludes.map((each) => `without ${each}`),
  ].join(" ");
}

/** A few words on what the part is or does. */
export function phraseOf(part: Part): string {
  const phrase = tagText(part.doc, "phrase");
  if (phrase !== undefined && phrase !== "") return phrase;
  const sentence = summary(part.doc).split(/\.(?:\s|$)/)[0] ?? "";
  return sentence === "" ? part.name : sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

class Matrix {
  readonly #parts: Parts;
  readonly #modes: readonly ModePart[];
  readonly #problems: Problems;

  constructor(parts: Parts, modes: readonly ModePart[], problems: Problems) {
    this.#parts = parts;
    this.#modes = modes;
    this.#problems = problems;
  }

  combine(
    roles: readonly RolePart[],
    devices: readonly DevicePart[],
    framings: readonly FramingPart[],
  ): { cells: Cell[]; leftOut: LeftOut[] } {
    const cells: Cell[] = [];
    const leftOut: LeftOut[] = [];
    for (const role of roles) {
      this.#checkStar(role);
      for (const device of hasDevice(role) ? devices : [undefined]) {
        for (const framing of framings) {
          const fits = (device === undefined ? devices : [device]).filter(
            (each) => this.#reasons(role, each, framing).length === 0,
          );
          if (fits.length > 0) cells.push(this.#cell({ role, device, framing, fits }));
          else leftOut.push({ role, device, framing, reasons: this.#reasonsOfAll(role, device, framing, devices) });
        }
      }
    }
    return { cells, leftOut };
  }

  #cell(parts: Omit<CellParts, "mode" | "opener">): Cell {
    const { role, device } = parts;
    const mode = this.#modes.find((each) => each.mode === role.mode);
    if (mode === undefined) throw new Error(`mode ${role.mode} was not linked`);
    const name = openerName(role.opens, role.mode, device?.deviceName ?? "");
    const opener = this.#parts.openers.find((each) => each.name === name);
    return makeCell({ ...parts, mode, opener }, this.#problems);
  }

  /** Why there is no class, on its device or on any. */
  #reasonsOfAll(
    role: RolePart,
    device: DevicePart | undefined,
    framing: FramingPart,
    devices: readonly DevicePart[],
  ): string[] {
    if (device !== undefined) return this.#reasons(role, device, framing);
    if (devices.length === 0) return [`${role.name} needs a device that accepts connections, and there is none`];
    return [...new Set(devices.flatMap((each) => this.#reasons(role, each, framing)))];
  }

  /** Why a role, a device and a framing do not go together. */
  #reasons(role: RolePart, device: DevicePart, framing: FramingPart): string[] {
    return [...this.#reasonsOfDevice(role, device), ...missing(framing, device)];
  }

  #reasonsOfDevice(role: RolePart, device: DevicePart): string[] {
    const reasons = missing(role, device);
    for (const ability of role.excludes.filter((each) => device.provides.includes(each))) {
      reasons.push(`${role.name} is for devices without "${ability}", which ${device.name} has`);
    }
    // A role that belongs to no device is given connections, by whatever accepts them in its mode.
    const opens = hasDevice(role) ? role.opens : "listen";
    const opener = openerName(opens, role.mode, device.deviceName);
    if (opens !== "nothing" && !this.#parts.openers.some((each) => each.name === opener)) {
      reasons.push(`${device.name} has no ${role.mode} "${opens}": there is no function ${opener}`);
    }
    return reasons;
  }

  #checkStar(role: RolePart): void {
    if (hasDevice(role) || role.opens === "nothing") return;
    const text = `className ${JSON.stringify(role.className)} needs a "*" for the device that the role opens`;
    this.#problems.add(role.position, text);
  }
}

/** What `part` needs of the device and does not get. */
function missing(part: RolePart | FramingPart, device: DevicePart): string[] {
  const abilities = part.requires.filter((each) => !device.provides.includes(each));
  return abilities.map((each) => `${part.name} needs "${each}", which ${device.name} does not provide`);
}

function modesOf(roles: readonly RolePart[], modes: readonly ModePart[], problems: Problems): ModePart[] {
  const found: ModePart[] = [];
  for (const role of roles) {
    if (found.some((each) => each.mode === role.mode)) continue;
    const mode = modes.find((each) => each.mode === role.mode);
    if (mode !== undefined) found.push(mode);
    else
      problems.add(
        role.position,
        `mode "${role.mode}" needs an exported class with a @phrase in modes/${role.mode}.ts`,
      );
  }
  return found;
}

/** An option for roles that are none would never be in any class. */
function rejectUnknownRoles({ openers, framings, roles }: Parts, problems: Problems): void {
  const known = new Set(roles.map((role) => role.className));
  for (const { name, roles: wanted = [], position } of [...openers, ...framings].flatMap(
    (part) => part.options.members,
  )) {
    for (const each of wanted.filter((role) => !known.has(role)))
      problems.add(position, `@roles of option "${name}" names ${JSON.stringify(each)}, which is no role's className`);
  }
}

function rejectTwins<Each extends Part>(
  parts: readonly Each[],
  keyOf: (part: Each) => string,
  what: string,
  problems: Problems,
): void {
  const seen = new Map<string, Each>();
  for (const part of parts) {
    // Files are named after parts, and some file systems do not tell upper from lower case.
    const key = keyOf(part).toLowerCase();
    const other = seen.get(key);
    seen.set(key, part);
    if (other === undefined) continue;
    const where = formatPosition(other.position);
    problems.add(
      part.position,
      `${what} ${JSON.stringify(keyOf(part))} is taken by ${other.name} (${where}), letter case aside`,
    );
  }
}

function rejectCollisions(cells: readonly Cell[], problems: Problems): void {
  const seen = new Map<string, Cell>();
  for (const cell of cells) {
    for (const key of new Set([cell.file.toLowerCase(), cell.className.toLowerCase()])) {
      const other = seen.get(key);
      seen.set(key, cell);
      if (other === undefined) continue;
      const text = `${cell.className} and ${other.className} would have the same name or file, letter case aside`;
      problems.add(cell.framing.position, text);
    }
  }
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const each of Object.values(value)) deepFreeze(each);
  return value;
}
