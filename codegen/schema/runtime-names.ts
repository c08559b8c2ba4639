import { type Import, importsOf } from "./cell.ts";
import type { Schema } from "./schema.ts";
import { nameKey } from "../read/type-text.ts";

/**
 * What the classes of each family are made of, framings aside, by the name of the family's runtime module. It is
 * collected from the classes themselves, so that nothing is missing and nothing is listed by hand.
 */
export function runtimeNames(schema: Schema): Map<string, Import[]> {
  const framings = new Set(
    schema.framings.map((framing) => nameKey({ exportName: framing.name, target: framing.target })),
  );
  const modules = new Map<string, Map<string, Import>>();
  for (const cell of schema.cells) {
    const names = modules.get(cell.runtimeModule) ?? new Map<string, Import>();
    modules.set(cell.runtimeModule, names);
    for (const name of importsOf(cell)) {
      const key = nameKey(name);
      if (framings.has(key) || name.target.kind === "module") continue;
      const isValue = name.isValue || (names.get(key)?.isValue ?? false);
      names.set(key, { ...name, localName: name.exportName, isValue });
    }
  }
  return new Map([...modules].map(([module, names]) => [module, [...names.values()]]));
}
