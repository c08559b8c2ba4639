import type { Emission, Emitter } from "./emission.ts";
import { fillRegions, makeTables } from "./tables.ts";
import { compareText } from "../read/problems.ts";

/** What was generated. */
export interface Generated {
  /** The text of each generated file, by its path below the output root, sorted. */
  readonly files: ReadonlyMap<string, string>;
  /** The text of each document that has generated regions and is out of date, by its path in the project. */
  readonly documents: ReadonlyMap<string, string>;
}

/**
 * Makes all text from the schema. Pure: reads no part and writes nothing.
 *
 * @param emission the schema, and how generated code refers to things.
 * @param emitters the kinds of output to make.
 * @param documents the documents that may hold generated regions, by path.
 */
export function generate(
  emission: Emission,
  emitters: readonly Emitter[],
  documents: ReadonlyMap<string, string> = new Map(),
): Generated {
  const files = emitters.flatMap((emit) => [...emit(emission)]).toSorted(([a], [b]) => compareText(a, b));
  if (documents.size === 0) return { files: new Map(files), documents };
  const tables = makeTables(emission.schema);
  const filled = [...documents].map(([path, text]): [string, string] => [path, fillRegions(text, tables)]);
  return { files: new Map(files), documents: new Map(filled.filter(([path, text]) => documents.get(path) !== text)) };
}
