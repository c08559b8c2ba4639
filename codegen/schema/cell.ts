import {
  type DevicePart,
  type FramingPart,
  type ImportedName,
  type ModePart,
  type OpenerPart,
  OPTION_GROUPS,
  type OptionGroup,
  type OptionMember,
  type RolePart,
  type TypeText,
} from "../read/model.ts";
import { type ClassNames, classNames } from "./class-names.ts";
import { linkName } from "../read/names.ts";
import { formatPosition, type Problems } from "../read/problems.ts";
import { type TypeArguments, fillMember, memberHoles, memberImports, memberType, nameKey } from "../read/type-text.ts";

/** The parts that meet in one cell of the matrix. */
export interface CellParts {
  readonly mode: ModePart;
  readonly role: RolePart;
  /** `undefined` for roles that belong to no device. */
  readonly device: DevicePart | undefined;
  /** The devices that the class can be used with: its own alone, or all that such a role fits. */
  readonly fits: readonly DevicePart[];
  readonly framing: FramingPart;
  /** Opens the device; `undefined` for roles that open nothing. */
  readonly opener: OpenerPart | undefined;
}

/** One class to generate. */
export interface Cell extends CellParts, ClassNames {
  /** The role class. Where the generated class has the same name, it is imported under another. */
  readonly base: ImportedName;
  /** The type of the class, with its own type parameters. */
  readonly self: string;
  /** Whether class and options have the type parameter `Encoding`. */
  readonly isEncodable: boolean;
  /** What the type parameter `Link` of the class is without an argument; `undefined` if it has no such parameter. */
  readonly defaultLink: TypeText | undefined;
  /** What the role class is given for its type parameters, in order. */
  readonly baseArguments: readonly TypeText[];
  /** All options: those of the device, of the framing and of the role. */
  readonly members: readonly OptionMember[];
  /** Whether the options can be left out altogether. */
  readonly isOptionsOptional: boolean;
  /** Every name from elsewhere that the class and its options mention in types. */
  readonly typeImports: readonly ImportedName[];
}

/** A name to import, and whether it is needed at run time or in types alone. */
export interface Import extends ImportedName {
  readonly isValue: boolean;
}

/** Puts the parts of a cell together, and notes what does not fit. */
export function makeCell(parts: CellParts, problems: Problems): Cell {
  const { mode, role, device, framing, opener } = parts;
  const names = classNames(mode.mode, role.className, device?.deviceName ?? "", framing.suffix);
  const isEncodable = role.typeParameters.includes("Encoding");
  const defaultLink = device === undefined && role.typeParameters.includes("Link") ? linksOf(parts) : undefined;
  const parameters = [...(isEncodable ? ["Encoding"] : []), ...(defaultLink === undefined ? [] : ["Link"])];
  const self = parameters.length > 0 ? `${names.className}<${parameters.join(", ")}>` : names.className;
  const filling: TypeArguments = new Map<string, TypeText>([
    ["Encoding", ["Encoding"]],
    ["Self", [self]],
    ["Link", device === undefined ? ["Link"] : [linkOf(device, mode)]],
    ["Framing", ["typeof ", imported(framing)]],
  ]);
  const members = joinMembers(parts, problems).map((member) => {
    const holes = memberHoles(member).filter((hole) => !filling.has(hole) || (hole === "Encoding" && !isEncodable));
    for (const hole of holes) {
      const text = `nothing is known to fill in type parameter ${hole} of ${member.owner} in ${names.className}`;
      problems.add(member.position, text);
    }
    return fillMember(member, filling);
  });
  const baseArguments = role.typeParameters.map((parameter) => filling.get(parameter) ?? [parameter]);
  const cell: Cell = {
    ...parts,
    ...names,
    base: { ...imported(role), localName: role.name === names.className ? `${role.name}Role` : role.name },
    self,
    isEncodable,
    defaultLink,
    baseArguments,
    members,
    isOptionsOptional: opener === undefined && members.every((member) => member.isOptional),
    typeImports: [
      ...members.flatMap((member) => memberImports(member)),
      ...importsIn([...baseArguments, defaultLink ?? []]),
    ],
  };
  checkImports(cell, problems);
  return cell;
}

/** Everything that the class needs to have imported. */
export function importsOf(cell: Cell): Import[] {
  return [
    ...valueImports(cell).map((name) => ({ ...name, isValue: true })),
    ...cell.typeImports.map((name) => ({ ...name, isValue: false })),
  ];
}

/** What the class needs at run time. */
function valueImports({ base, framing, opener }: Pick<Cell, "base" | "framing" | "opener">): ImportedName[] {
  return [base, imported(framing), ...(opener === undefined ? [] : [imported(opener)])];
}

function imported(part: FramingPart | RolePart | OpenerPart): ImportedName {
  return { exportName: part.name, localName: part.name, target: part.target };
}

/** The device as users see it in this mode. */
function linkOf(device: DevicePart, { mode }: ModePart): ImportedName {
  const name = linkName(device.deviceName, mode);
  return device.modeLinks.find((each) => each.exportName === name) ?? device.link;
}

/** Whatever a class that belongs to no device may find at its end. */
function linksOf({ fits, mode }: CellParts): TypeText {
  return fits.flatMap((device, index) => [...(index === 0 ? [] : [" | "]), linkOf(device, mode)]);
}

/** All options in the order in which they are looked up: by group, and within a group as the parts declare them. */
function joinMembers({ opener, framing, role }: CellParts, problems: Problems): OptionMember[] {
  const joined = new Map<string, { readonly member: OptionMember; readonly group: OptionGroup }>();
  for (const [part, group] of [
    [opener, "address"],
    [framing, "framing"],
    [role, "purpose"],
  ] as const) {
    for (const member of part?.options.members ?? []) {
      if (member.roles?.includes(role.className) === false) continue;
      const other = joined.get(member.name)?.member;
      if (other === undefined) joined.set(member.name, { member, group: groupOf(member, group) });
      else if (!isSame(other, member)) problems.add(member.position, clash(other, member));
    }
  }
  return OPTION_GROUPS.flatMap((group) =>
    [...joined.values()].filter((each) => each.group === group).map(({ member }) => member),
  );
}

/** @param fallback the group of the part that declares the option. */
function groupOf({ group, shape }: OptionMember, fallback: OptionGroup): OptionGroup {
  return group ?? (shape.kind === "property" ? fallback : "hooks");
}

function isSame(a: OptionMember, b: OptionMember): boolean {
  return memberType(a) === memberType(b) && a.isOptional === b.isOptional;
}

function clash(a: OptionMember, b: OptionMember): string {
  const first = `${a.owner}.${a.name}: ${memberType(a)} (${formatPosition(a.position)})`;
  return `option ${b.owner}.${b.name}: ${memberType(b)} differs from ${first}, and both end up in the same class`;
}

function importsIn(types: readonly TypeText[]): ImportedName[] {
  return types.flat().filter((piece): piece is ImportedName => typeof piece === "object" && "target" in piece);
}

/** Two different things of the same name cannot be imported into one file, nor one that the file declares itself. */
function checkImports(cell: Cell, problems: Problems): void {
  const seen = new Map<string, ImportedName>();
  const own = new Set([cell.className, cell.optionsName]);
  for (const name of [...valueImports(cell), ...cell.typeImports]) {
    const other = seen.get(name.localName);
    seen.set(name.localName, name);
    const isTaken = own.has(name.localName) || (other !== undefined && nameKey(other) !== nameKey(name));
    if (isTaken)
      problems.add(cell.framing.position, `${cell.className} would need two different things named ${name.localName}`);
  }
}
