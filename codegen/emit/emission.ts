import { relative, sep } from "node:path";
import type { Origin } from "./header.ts";
import type { ImportResolver } from "./import-targets.ts";
import type { ImportTarget } from "../read/model.ts";
import type { Render } from "./render.ts";
import type { Schema } from "../schema/schema.ts";

/** What every emitter is given. */
export interface Emission extends ImportResolver {
  readonly schema: Schema;
  readonly render: Render;
  /** The absolute path of the project: paths in headers are relative to it. */
  readonly root: string;
  /** The absolute path of the package with the runtime, where that is not the project itself. */
  readonly packageFolder: string | undefined;
  /** The module that examples import the classes from. */
  readonly packageName: string;
  /** The command that regenerates everything. */
  readonly command: string;
  /** Further modules that the barrel of all classes exports in full, as absolute paths. */
  readonly publicModules: readonly string[];
  /** Further modules that the barrel of the framings exports in full, as absolute paths. */
  readonly dataModules: readonly string[];
}

/** Makes one kind of output: the text of each file, by its path below the output root. */
export type Emitter = (emission: Emission) => ReadonlyMap<string, string>;

/** The header's account of a file: which emitter made it, with which template, of which parts. */
export function originOf(emission: Emission, name: string, sources: readonly string[]): Origin {
  const emitter = `codegen/emit/${name}.ts`;
  return { emitter, template: `templates/${name}.hbs`, sources, command: emission.command };
}

/** A target as a header mentions it. */
export function sourceName(emission: Emission, target: ImportTarget): string {
  if (target.kind === "module") return target.specifier;
  const { packageFolder } = emission;
  if (packageFolder !== undefined && target.path.startsWith(packageFolder + sep))
    return `plib-io/${relative(packageFolder, target.path).split(sep).join("/")}`;
  return relative(emission.root, target.path).split(sep).join("/");
}
