import type { ImportedName, OptionMember, TypeHole, TypeText } from "./model.ts";

/** What the type parameters are filled in with, by name. */
export type TypeArguments = ReadonlyMap<string, TypeText>;

/** A type whose holes are filled; those without an argument stay. */
export function fillType(type: TypeText, filling: TypeArguments): TypeText {
  return type.flatMap((piece) => (isHole(piece) ? (filling.get(piece.parameter) ?? [piece]) : [piece]));
}

/** A member with the holes in its types filled. */
export function fillMember(member: OptionMember, filling: TypeArguments): OptionMember {
  const { shape } = member;
  if (shape.kind === "property") return { ...member, shape: { ...shape, type: fillType(shape.type, filling) } };
  const parameters = shape.parameters.map(({ name, type }) => ({ name, type: fillType(type, filling) }));
  return { ...member, shape: { ...shape, parameters, returns: fillType(shape.returns, filling) } };
}

/** The text of a type. A hole that nothing fills stands as the parameter's name. */
export function typeSource(type: TypeText): string {
  return type.map((piece) => pieceSource(piece)).join("");
}

/** The type of a member on one line: what is compared, and listed in tables. */
export function memberType(member: OptionMember): string {
  const { shape } = member;
  if (shape.kind === "property") return oneLine(typeSource(shape.type));
  const parameters = shape.parameters.map(({ name, type }) => `${name}: ${typeSource(type)}`);
  return oneLine(`(${parameters.join(", ")}) => ${typeSource(shape.returns)}`);
}

/** The names that the types of a member need to have imported. */
export function memberImports(member: OptionMember): ImportedName[] {
  return memberPieces(member).filter((piece) => isImported(piece));
}

/** The names of the type parameters that the types of a member have holes for. */
export function memberHoles(member: OptionMember): string[] {
  return memberPieces(member).flatMap((piece) => (isHole(piece) ? [piece.parameter] : []));
}

/** By what two names are told to be the same export. */
export function nameKey({ exportName, target }: Pick<ImportedName, "exportName" | "target">): string {
  return `${exportName} of ${target.kind === "file" ? target.path : target.specifier}`;
}

/** The text on one line: every run of white space made one space, and none left where a bracket was on its own line. */
export function oneLine(text: string): string {
  return text
    .replace(/([<([])\s*\n\s*/g, "$1")
    .replace(/,?\s*\n\s*([>)\]])/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
}

function memberPieces({ shape }: OptionMember): TypeText[number][] {
  if (shape.kind === "property") return [...shape.type];
  return [...shape.parameters.map(({ type }) => type), shape.returns].flat();
}

function pieceSource(piece: TypeText[number]): string {
  if (typeof piece === "string") return piece;
  return isHole(piece) ? piece.parameter : piece.localName;
}

function isHole(piece: TypeText[number]): piece is TypeHole {
  return typeof piece === "object" && "parameter" in piece;
}

function isImported(piece: TypeText[number]): piece is ImportedName {
  return typeof piece === "object" && "target" in piece;
}
