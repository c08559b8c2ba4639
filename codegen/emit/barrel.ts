import type { Cell } from "../schema/cell.ts";
import { codeHeader } from "./header.ts";
import { allOf, exportsFrom, type ModuleNames, nameList, renamed, specifierOf } from "./import-targets.ts";
import { compareText } from "../read/problems.ts";
import { runtimeNames } from "../schema/runtime-names.ts";
import { type Emission, originOf, sourceName } from "./emission.ts";

/** The barrels: `index.ts` with every class under its full name, and one for each mode with the names without the mode. */
export function emitBarrels(emission: Emission): Map<string, string> {
  const { cells, modes } = emission.schema;
  const files = new Map([["index.ts", indexBarrel(emission)]]);
  for (const { mode } of modes) {
    const own = cells.filter((cell) => cell.mode.mode === mode);
    if (own.length === 0) continue;
    files.set(
      `${mode}.ts`,
      barrel(
        emission,
        own.map((cell) => modeExports(emission, cell)),
        [`the roles of mode ${mode}`],
      ),
    );
  }
  return files;
}

/** `data.ts`, the barrel of the framings. */
export function emitDataBarrel(emission: Emission): Map<string, string> {
  return new Map([["data.ts", dataBarrel(emission)]]);
}

/** `runtime/`: for each family of classes, what they are made of. It is there for classes that are generated elsewhere. */
export function emitRuntime(emission: Emission): Map<string, string> {
  const files = [...runtimeNames(emission.schema)].map(([module, names]): [string, string] => {
    const file = `runtime/${module}.ts`;
    const exports = exportsFrom(emission, file, names);
    return [file, barrel(emission, exports, [...new Set(names.map((name) => sourceName(emission, name.target)))])];
  });
  return new Map(files);
}

function indexBarrel(emission: Emission): string {
  const classes = emission.schema.cells.map((cell) =>
    nameList("export", [cell.className, `type ${cell.optionsName}`], moduleOf(emission, cell)),
  );
  const all = emission.publicModules.map((path) => allOf(specifier(emission, "index.ts", path)));
  return barrel(emission, [...classes, ...all], ["all roles, devices and framings"]);
}

function modeExports(emission: Emission, cell: Cell): ModuleNames {
  const items = [renamed(cell.className, cell.shortName), `type ${renamed(cell.optionsName, cell.shortOptionsName)}`];
  return nameList("export", items, moduleOf(emission, cell));
}

/** The module of a class, as barrels refer to it. */
function moduleOf(emission: Emission, { file }: Cell): string {
  return specifier(emission, "index.ts", `${emission.outputRoot}/${file}`);
}

function dataBarrel(emission: Emission): string {
  const contracts = emission.dataModules.map((path) => allOf(specifier(emission, "data.ts", path)));
  const framings = emission.schema.framings.map((framing) => {
    const type = framing.options.type;
    const isBeside = type !== undefined && JSON.stringify(type.target) === JSON.stringify(framing.target);
    const items = [framing.name, ...(isBeside ? [`type ${type.exportName}`] : [])];
    return nameList("export", items, specifierOf(emission, "data.ts", framing.target));
  });
  const sources = emission.schema.framings.map((framing) => sourceName(emission, framing.target));
  return barrel(emission, [...framings, ...contracts], sources);
}

function barrel(emission: Emission, exports: readonly ModuleNames[], sources: readonly string[]): string {
  const header = codeHeader(originOf(emission, "barrel", [...sources].toSorted(compareText)));
  return emission.render("barrel.hbs", { header, exports });
}

function specifier(emission: Emission, file: string, path: string): string {
  return specifierOf(emission, file, { kind: "file", path });
}
