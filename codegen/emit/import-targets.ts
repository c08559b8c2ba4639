import { dirname, relative, sep } from "node:path";
import type { ImportedName, ImportTarget } from "../read/model.ts";
import { compareText } from "../read/problems.ts";
import type { Import } from "../schema/cell.ts";
import { LINE_WIDTH } from "./comments.ts";

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

/** One import or export declaration, as templates show it: `import {{names}} from {{module}};`. */
export interface ModuleNames {
  /** `{ a, type b }`, `type { a }`, `* as a`, `a`; a long list is broken into lines. */
  readonly names: string;
  /** The module specifier as a string literal. */
  readonly module: string;
}

/** What `file` imports, sorted by module. */
export function importsFrom(resolver: ImportResolver, file: string, imports: readonly Import[]): ModuleNames[] {
  return byModule(resolver, file, imports).flatMap(([specifier, names]) => namesFrom(specifier, names));
}

/** What `file` exports from where it is declared, sorted by module. */
export function exportsFrom(resolver: ImportResolver, file: string, names: readonly Import[]): ModuleNames[] {
  return byModule(resolver, file, names).map(([specifier, own]) => sortedList("export", own, specifier));
}

/** A list of names, broken into lines if the declaration is too long for one. One name alone is not broken off. */
export function nameList(
  keyword: "import" | "export",
  items: readonly string[],
  specifier: string,
  type = "",
): ModuleNames {
  const module = JSON.stringify(specifier);
  const single = `${type}{ ${items.join(", ")} }`;
  const isShort = `${keyword} ${single} from ${module};`.length <= LINE_WIDTH;
  if (isShort || items.length === 1) return { names: single, module };
  return { names: `${type}{\n${items.map((item) => `  ${item},\n`).join("")}}`, module };
}

/** Everything that a module exports. */
export function allOf(specifier: string): ModuleNames {
  return { names: "*", module: JSON.stringify(specifier) };
}

/** `a`, or `a as b`. */
export function renamed(name: string, alias: string): string {
  return name === alias ? name : `${name} as ${alias}`;
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

function namesFrom(specifier: string, imports: readonly Import[]): ModuleNames[] {
  const whole = imports.filter((each) => each.exportName === "*" || each.exportName === "default");
  const modules = whole.map((each) => {
    const name = each.exportName === "*" ? `* as ${each.localName}` : each.localName;
    return { names: `${each.isValue ? "" : "type "}${name}`, module: JSON.stringify(specifier) };
  });
  const named = imports.filter((each) => !whole.includes(each));
  return named.length === 0 ? modules : [...modules, sortedList("import", named, specifier)];
}

function sortedList(keyword: "import" | "export", names: readonly Import[], specifier: string): ModuleNames {
  const isTypeOnly = names.every((each) => !each.isValue);
  const items = names
    .toSorted((a, b) => compareText(a.localName.toLowerCase(), b.localName.toLowerCase()))
    .map((each) => `${isTypeOnly || each.isValue ? "" : "type "}${renamed(each.exportName, each.localName)}`);
  return nameList(keyword, items, specifier, isTypeOnly ? "type " : "");
}
