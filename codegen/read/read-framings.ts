import { existsSync, statSync } from "node:fs";
import { type ClassDeclaration, Scope, type SourceFile } from "ts-morph";
import type { FramingPart, Part, Position } from "./model.ts";
import { suffixFault } from "./names.ts";
import type { PartReading } from "./part-reading.ts";
import type { Problems } from "./problems.ts";
import { lineage } from "./read-signatures.ts";
import { hasStatic } from "./read-values.ts";
import { hasOddCharacters } from "./odd-characters.ts";

/** Where framings are to be found. */
export interface FramingSource {
  /** The absolute path of the file. */
  readonly path: string;
  /** The class; without it, every framing that the file exports. */
  readonly className?: string | undefined;
  /** What class names end with instead of the framing's own suffix. */
  readonly suffix?: string | undefined;
  /** Where this was asked for; `undefined` for the command line. */
  readonly position?: Position | undefined;
}

/** Reads framings as syntax, and notes what is wrong with them. Files that cannot be read end it. */
export function readFramings(reading: PartReading, sources: readonly FramingSource[]): FramingPart[] {
  for (const source of sources) checkFile(reading, source);
  reading.problems.throwIfAny();
  const files = reading.tree.openAll(sources.map((source) => source.path));
  return sources.flatMap((source, index) => readSource(reading, source, files[index] as SourceFile));
}

function checkFile({ problems }: PartReading, { path, position }: FramingSource): void {
  // The path stands in comments of generated code.
  if (hasOddCharacters(path))
    problems.add(position, `the path ${JSON.stringify(path)} has control characters or line breaks in it`);
  else if (!/\.[cm]?ts$/.test(path) || path.endsWith(".d.ts"))
    problems.add(position, `${path} is not TypeScript source: a framing is read from a .ts, .mts or .cts file`);
  else if (!existsSync(path) || !statSync(path).isFile()) problems.add(position, `there is no file ${path}`);
}

function readSource(reading: PartReading, source: FramingSource, file: SourceFile): FramingPart[] {
  const classes = classesIn(reading, file, source.className);
  if (source.suffix !== undefined && classes.length > 1) {
    const names = classes.map((each) => each.getName()).join(", ");
    reading.problems.add(source.position, `one suffix cannot serve ${names}: say which class, as in FILE#Class`);
  }
  return classes.flatMap((each) => readFraming(reading, each, source));
}

function classesIn({ problems }: PartReading, file: SourceFile, className: string | undefined): ClassDeclaration[] {
  const position = { file: file.getFilePath(), line: 1, column: 1 };
  const exported = file.getClasses().filter((each) => each.isExported());
  const framings = exported.filter((each) => looksLikeFraming(each));
  if (className === undefined) {
    if (framings.length === 0)
      problems.add(position, 'no exported framing class here: one with `static readonly suffix = "With…"`');
    return framings;
  }
  const found = exported.filter((each) => each.getName() === className);
  if (found.length === 0) {
    const names = exported.flatMap((each) => each.getName() ?? []).join(", ");
    problems.add(
      position,
      `no class ${className} is exported here; exported classes: ${names === "" ? "none" : names}`,
    );
  }
  return found;
}

function readFraming(reading: PartReading, declaration: ClassDeclaration, source: FramingSource): FramingPart[] {
  const { problems, statics, options } = reading;
  const part = reading.part(declaration);
  const own = statics.string(declaration, "suffix");
  const suffix = own === undefined ? undefined : (source.suffix ?? own);
  const all = lineage(reading.tree, declaration);
  const holder = (name: string): ClassDeclaration => all.find((each) => hasStatic(each, name)) ?? declaration;
  const boundary = statics.choice(holder("boundary"), "boundary", ["message", "half-close", "channel"]);
  const fault = suffix === undefined ? undefined : suffixFault(suffix);
  if (fault !== undefined) {
    const where = source.suffix === undefined ? part.position : source.position;
    problems.add(where, `suffix ${JSON.stringify(suffix)} ${fault}`);
  }
  checkCodec(problems, all, part);
  const [maker] = all.flatMap((each) => each.getConstructors().slice(0, 1));
  const members = options.ofParameter(maker?.getParameters()[0]);
  const requires = statics.strings(holder("requires"), "requires");
  if (boundary === "half-close" && !requires.includes("half-close"))
    problems.add(part.position, `${part.name} ends messages with a half-close, so it needs requires = ["half-close"]`);
  if (suffix === undefined || boundary === undefined) return [];
  return [{ ...part, suffix, boundary, requires, options: members }];
}

/** @param all the class, and then its base classes. */
function checkCodec(problems: Problems, all: readonly ClassDeclaration[], part: Part): void {
  if (all[0]?.isAbstract()) problems.add(part.position, `${part.name} must not be abstract`);
  for (const name of ["decode", "encode"]) {
    const member = all.map((each) => each.getInstanceMember(name)).find((each) => each !== undefined);
    const isPublic = member?.getScope() === Scope.Public;
    // A base class out of reach may have what is missing here; the compiler will tell.
    if (isPublic || (member === undefined && all.at(-1)?.getExtends() !== undefined)) continue;
    const fault = member === undefined ? `it has no method ${name}()` : `${name}() is not public`;
    problems.add(part.position, `${part.name} is not a framing: ${fault}`);
  }
}

function looksLikeFraming(declaration: ClassDeclaration): boolean {
  const isDeclared = declaration.getImplements().some((each) => each.getExpression().getText() === "Framing");
  return isDeclared || hasStatic(declaration, "suffix") || hasStatic(declaration, "boundary");
}
