/** A user's project as the generator sees it: framings of theirs, the runtime of this package. */
import { basename, join, relative, sep } from "node:path";
import { emitBarrels } from "../emit/barrel.ts";
import { emitClasses } from "../emit/class.ts";
import type { Emission } from "../emit/emission.ts";
import { type Generated, generate } from "../emit/generate.ts";
import type { ImportExtension } from "../emit/import-targets.ts";
import type { FramingPart, ImportedName, Parts, Position } from "../read/model.ts";
import { packageFolder, readManifest, readTemplates } from "./package-files.ts";
import { PartReading } from "../read/part-reading.ts";
import { Problems } from "../read/problems.ts";
import { findParts } from "./package-project.ts";
import { type FramingSource, readFramings } from "../read/read-framings.ts";
import { readParts } from "../read/read-parts.ts";
import { runtimeNames } from "../schema/runtime-names.ts";
import { type Filter, selectCells } from "../schema/select.ts";
import { makeSchema, partsFor, type Schema } from "../schema/schema.ts";
import type { KnownPackage } from "../read/source-tree.ts";
import { folderFault } from "../write/target-folder.ts";
import { nameKey } from "../read/type-text.ts";

/** What is to be generated. */
export interface UserProject extends Filter {
  /** The folder of the project: nothing outside of it is written to. */
  readonly root: string;
  readonly framings: readonly FramingSource[];
  /** The absolute path of the folder to write to, and where that was said. */
  readonly out: { readonly value: string; readonly position: Position | undefined };
  readonly extension: ImportExtension;
}

/** What was generated for a user. */
export interface UserOutput extends Generated {
  readonly schema: Schema;
  /** The folders that generated files can be in, below the folder that is written to. */
  readonly folders: readonly string[];
}

/** Generates classes for users' framings. The parts of this package are read once. */
export class UserGenerator {
  readonly #render = readTemplates();
  readonly #package: KnownPackage = { folder: packageFolder, modules: packageModules() };
  #own: { readonly parts: Parts; readonly schema: Schema } | undefined;

  /** The package's own matrix. */
  get ownSchema(): Schema {
    return this.#ownParts().schema;
  }

  /**
   * Generates everything for a project, in memory.
   *
   * @param seen takes the path of every file of the user that was read, also where reading fails.
   * @throws PartsError for framings and settings that cannot be used.
   */
  generate(project: UserProject, seen: Set<string> = new Set()): UserOutput {
    for (const { path } of project.framings) seen.add(path);
    const reading = new PartReading(this.#package);
    const fault = folderFault(project.root, project.out.value);
    if (fault !== undefined) reading.problems.add(project.out.position, fault);
    rejectSpecialPaths(project, reading.problems);
    try {
      const schema = this.#schema(project, readFramings(reading, project.framings), reading.problems);
      const emission = this.#emission(project, schema, reading);
      const folders = schema.modes.map(({ mode }) => mode);
      return { ...generate(emission, [emitClasses, emitBarrels]), schema, folders };
    } finally {
      for (const path of reading.tree.paths) if (!path.startsWith(packageFolder + sep)) seen.add(path);
    }
  }

  #schema(project: UserProject, framings: readonly FramingPart[], problems: Problems): Schema {
    const { parts, schema: own } = this.#ownParts();
    for (const framing of framings) {
      const twin = own.framings.find((each) => each.suffix.toLowerCase() === framing.suffix.toLowerCase());
      if (twin === undefined) continue;
      const suffix = JSON.stringify(framing.suffix);
      problems.add(framing.position, `suffix ${suffix} is taken by ${twin.name} of plib-io: choose another`);
    }
    problems.throwIfAny();
    return selectCells(makeSchema({ ...parts, framings }), project);
  }

  #emission(project: UserProject, schema: Schema, reading: PartReading): Emission {
    const out = project.out.value;
    const runtime = new Map(
      [...runtimeNames(this.#ownParts().schema)].map(([module, names]) => [module, new Set(names.map(nameKey))]),
    );
    const modules = new Map(schema.cells.map((cell) => [cell.file, cell.runtimeModule]));
    const packaged = (name: ImportedName, file: string): string | undefined => {
      if (name.target.kind === "module" || !isInside(packageFolder, name.target.path)) return undefined;
      const module = modules.get(file) ?? "";
      if (runtime.get(module)?.has(nameKey(name))) return `plib-io/runtime/${module}`;
      return reading.tree.moduleOf(name) ?? unreachable(schema, name);
    };
    return {
      schema,
      render: this.#render,
      root: project.root,
      outputRoot: out,
      extension: project.extension,
      packaged,
      packageFolder,
      packageName: `./${basename(out)}/index${project.extension}`,
      command: "npx plib-io generate",
      publicModules: [],
      dataModules: [],
    };
  }

  #ownParts(): { readonly parts: Parts; readonly schema: Schema } {
    if (this.#own === undefined) {
      const parts = partsFor("users", readParts(findParts(packageFolder)));
      this.#own = { parts, schema: makeSchema(parts) };
    }
    return this.#own;
  }
}

/** The source files of the package's modules, by the specifiers that users write. */
function packageModules(): Map<string, string> {
  const { name, exports } = readManifest();
  const modules = new Map<string, string>();
  for (const [key, target] of Object.entries(exports)) {
    const types = typeof target === "string" ? "" : target.types;
    const path = /^\.\/dist\/(.*)\.d\.ts$/.exec(types)?.[1];
    if (path !== undefined && !key.includes("*"))
      modules.set(join(name, key).replaceAll("\\", "/"), join(packageFolder, `${path}.ts`));
  }
  return modules;
}

/** Node.js reads what a relative import says as part of a URL. */
function rejectSpecialPaths({ root, framings, out }: UserProject, problems: Problems): void {
  const places = [...framings, { path: out.value, position: out.position }];
  for (const { path, position } of places.filter((each) => /[#?%]/.test(relative(root, each.path)))) {
    problems.add(position, `${path} has "#", "?" or "%" in it, which an import cannot hold`);
  }
}

function isInside(folder: string, path: string): boolean {
  return path.startsWith(folder + sep);
}

function unreachable(schema: Schema, name: ImportedName): never {
  const problems = new Problems();
  const text = `${name.localName} is not exported by plib-io, so generated options cannot mention it`;
  problems.add(schema.framings[0]?.position, text);
  problems.throwIfAny();
  throw new Error(text);
}
