import { emitApiReport } from "./emitters/api-report.ts";
import { emitBarrels } from "./emitters/barrel.ts";
import { emitClasses } from "./emitters/class.ts";
import type { Emission } from "./emitters/emission.ts";
import { emitMatrix } from "./emitters/matrix.ts";
import { fillRegions, makeTables } from "./emitters/tables.ts";

/** What was generated. */
export interface Generated {
  /** The text of each generated file, by its path below the output root, sorted. */
  readonly files: ReadonlyMap<string, string>;
  /** The text of each document that has generated regions, by its path in the project. */
  readonly documents: ReadonlyMap<string, string>;
}

/**
 * Makes all text from the schema. Pure: reads no part and writes nothing.
 *
 * @param emission the schema, and how generated code refers to things.
 * @param documents the documents that may hold generated regions, by path.
 */
export function generate(emission: Emission, documents: ReadonlyMap<string, string> = new Map()): Generated {
  const files = [
    ...emitClasses(emission),
    ...emitBarrels(emission),
    ...emitMatrix(emission),
    ...emitApiReport(emission),
  ].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const tables = makeTables(emission.schema);
  const filled = [...documents].map(([path, text]): [string, string] => [path, fillRegions(text, tables)]);
  return { files: new Map(files), documents: new Map(filled.filter(([path, text]) => documents.get(path) !== text)) };
}
