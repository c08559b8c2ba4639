import type { Cell } from "../cell.ts";
import { codeHeader } from "../header.ts";
import { nameList, renamed, specifierOf } from "../import-targets.ts";
import { compareText } from "../problems.ts";
import { type Emission, originOf, sourceName } from "./emission.ts";

/**
 * The barrels: `index.ts` with every class under its full name, one for each mode with the names without the mode, and
 * `data.ts` with the framings.
 */
export function emitBarrels(emission: Emission): Map<string, string> {
  const { cells, modes } = emission.schema;
  const files = new Map([["index.ts", indexBarrel(emission)]]);
  for (const { mode } of modes) {
    const own = cells.filter((cell) => cell.mode.mode === mode);
    files.set(
      `${mode}.ts`,
      barrel(
        emission,
        own.map((cell) => modeLine(cell)),
        [`the roles of mode ${mode}`],
      ),
    );
  }
  files.set("data.ts", dataBarrel(emission));
  return files;
}

function indexBarrel(emission: Emission): string {
  const lines = emission.schema.cells.map((cell) =>
    nameList("export", [cell.className, `type ${cell.optionsName}`], ` from ${JSON.stringify(`./${cell.file}`)};`),
  );
  const all = emission.publicModules.map((path) => `export * from ${specifier(emission, "index.ts", path)};`);
  return barrel(emission, [...lines, ...all], ["all roles, devices and framings"]);
}

function modeLine(cell: Cell): string {
  const items = [renamed(cell.className, cell.shortName), `type ${renamed(cell.optionsName, cell.shortOptionsName)}`];
  return nameList("export", items, ` from ${JSON.stringify(`./${cell.file}`)};`);
}

function dataBarrel(emission: Emission): string {
  const contracts = emission.framingContracts.map(
    (path) => `export type * from ${specifier(emission, "data.ts", path)};`,
  );
  const framings = emission.schema.framings.map((framing) => {
    const type = framing.options.type;
    const isBeside = type !== undefined && JSON.stringify(type.target) === JSON.stringify(framing.target);
    const items = [framing.name, ...(isBeside ? [`type ${type.exportName}`] : [])];
    return nameList("export", items, ` from ${JSON.stringify(specifierOf(emission, "data.ts", framing.target))};`);
  });
  const sources = emission.schema.framings.map((framing) => sourceName(emission, framing.target));
  return barrel(emission, [...contracts, ...framings], sources);
}

function barrel(emission: Emission, lines: readonly string[], sources: readonly string[]): string {
  const header = codeHeader(originOf(emission, "barrel", [...sources].toSorted(compareText)));
  return emission.render("barrel.hbs", { header, lines });
}

function specifier(emission: Emission, file: string, path: string): string {
  return JSON.stringify(specifierOf(emission, file, { kind: "file", path }));
}
