import { dirname, relative, sep } from "node:path";
import type { ImportedName, ImportTarget } from "../read/model.ts";
import { compareText } from "../read/problems.ts";
import type { Import } from "../schema/cell.ts";
import { bracketed } from "./layout.ts";

/** Decides how generated code refers to parts. */
export interface ImportResolver {
  /** The absolute path of the folder that files are generated into. */
  readonly outputRoot: string;
  /** The extension that relative imports of TypeScript files end with. */
  readonly extension: ImportExtension;
  /**
   * The module that `file` imports a name from instead of by its path; `undefined`: by its path. So a user's generated
   * files import the runtime from `plib-io/runtime/…`, and this package's own from `../src/`.
   */
  readonly packaged: (name: ImportedName, file: string) => string | undefined;
}

/** What relative imports of TypeScript files end with: nothing where a bundler is to find them. */
export type ImportExtension = ".ts" | ".js" | "";

/** The module specifier with which `file`, a path below the output root, imports `target`. */
export function specifierOf(resolver: ImportResolver, file: string, target: ImportTarget): string {
  if (target.kind === "module") return target.specifier;
  const path = relative(dirname(`${resolver.outputRoot}/${file}`), target.path)
    .split(sep)
    .join("/");
  const withExtension = replaceExtension(path, resolver.extension);
  return withExtension.startsWith(".") ? withExtension : `./${withExtension}`;
}

function replaceExtension(path: string, extension: ImportExtension): string {
  if (extension === ".ts") return path;
  // Only `.ts` is found without its extension, never `.mts` or `.cts`.
  return path.replace(/\.ts$/, extension).replace(/\.([cm])ts$/, ".$1js");
}

/** The import declarations of `file`, sorted, one for each module. */
export function importLines(resolver: ImportResolver, file: string, imports: readonly Import[]): string[] {
  return byModule(resolver, file, imports).flatMap(([specifier, names]) => moduleLines(specifier, names));
}

/** The declarations that export names from where they are, sorted, one for each module. */
export function exportLines(resolver: ImportResolver, file: string, names: readonly Import[]): string[] {
  return byModule(resolver, file, names).map(([specifier, own]) =>
    listLine("export", own, ` from ${JSON.stringify(specifier)};`),
  );
}

function byModule(resolver: ImportResolver, file: string, imports: readonly Import[]): [string, Import[]][] {
  const modules = new Map<string, Map<string, Import>>();
  for (const each of imports) {
    const specifier = resolver.packaged(each, file) ?? specifierOf(resolver, file, each.target);
    const names = modules.get(specifier) ?? new Map<string, Import>();
    modules.set(specifier, names);
    const other = names.get(each.localName);
    if (other === undefined || each.isValue) names.set(each.localName, each);
  }
  const sorted = [...modules].toSorted(([a], [b]) => compareText(a, b));
  return sorted.map(([specifier, names]) => [specifier, [...names.values()]]);
}

function moduleLines(specifier: string, imports: readonly Import[]): string[] {
  const from = ` from ${JSON.stringify(specifier)};`;
  const whole = imports.filter((each) => each.exportName === "*" || each.exportName === "default");
  const lines = whole.map((each) => {
    const name = each.exportName === "*" ? `* as ${each.localName}` : each.localName;
    return `import ${each.isValue ? "" : "type "}${name}${from}`;
  });
  const named = imports.filter((each) => !whole.includes(each));
  return named.length === 0 ? lines : [...lines, listLine("import", named, from)];
}

function listLine(keyword: "import" | "export", names: readonly Import[], from: string): string {
  const isTypeOnly = names.every((each) => !each.isValue);
  const items = names
    .toSorted((a, b) => compareText(a.localName.toLowerCase(), b.localName.toLowerCase()))
    .map((each) => `${isTypeOnly || each.isValue ? "" : "type "}${renamed(each.exportName, each.localName)}`);
  return nameList(isTypeOnly ? `${keyword} type` : keyword, items, from);
}

/** `import { a, b } from "…";`, broken into lines if it is long; likewise for `export`. One name alone is not broken off. */
export function nameList(keyword: string, items: readonly string[], from: string): string {
  if (items.length === 1) return `${keyword} { ${items.join("")} }${from}`;
  return bracketed(`${keyword} `, items, from, "", ["{", "}"]);
}

/** `a`, or `a as b`. */
export function renamed(name: string, alias: string): string {
  return name === alias ? name : `${name} as ${alias}`;
}
