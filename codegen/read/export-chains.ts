import type { SourceFile } from "ts-morph";
import { topLevelNames } from "./top-level-names.ts";

/** Where an exported name is declared, and what it is called there. */
export interface Declared {
  readonly file: SourceFile;
  readonly name: string;
}

/** Follows a name through files that only pass it on: `export { a as b } from`, `export * from`, and imports. */
export class ExportChains {
  readonly #open: (from: SourceFile, specifier: string) => SourceFile | undefined;

  /** @param open the file that a module specifier means in a file; `undefined` if it is out of reach. */
  constructor(open: (from: SourceFile, specifier: string) => SourceFile | undefined) {
    this.#open = open;
  }

  /** The declaration behind the export `name` of `file`; `undefined` if it is out of reach. */
  follow(file: SourceFile, name: string, seen: ReadonlySet<string> = new Set()): Declared | undefined {
    const key = `${file.getFilePath()}#${name}`;
    if (seen.has(key)) return undefined;
    const next = new Set([...seen, key]);
    if (topLevelNames(file).some((each) => each.name === name)) return { file, name };
    return this.#named(file, name, next) ?? this.#imported(file, name, next) ?? this.#starred(file, name, next);
  }

  #named(file: SourceFile, name: string, seen: ReadonlySet<string>): Declared | undefined {
    for (const declaration of file.getExportDeclarations()) {
      for (const specifier of declaration.getNamedExports()) {
        if ((specifier.getAliasNode()?.getText() ?? specifier.getName()) !== name) continue;
        const from = declaration.getModuleSpecifierValue();
        const home = from === undefined ? file : this.#open(file, from);
        return home === undefined ? undefined : this.follow(home, specifier.getName(), seen);
      }
    }
    return undefined;
  }

  #imported(file: SourceFile, name: string, seen: ReadonlySet<string>): Declared | undefined {
    for (const declaration of file.getImportDeclarations()) {
      for (const specifier of declaration.getNamedImports()) {
        if ((specifier.getAliasNode()?.getText() ?? specifier.getName()) !== name) continue;
        const home = this.#open(file, declaration.getModuleSpecifierValue());
        return home === undefined ? undefined : this.follow(home, specifier.getName(), seen);
      }
    }
    return undefined;
  }

  #starred(file: SourceFile, name: string, seen: ReadonlySet<string>): Declared | undefined {
    for (const declaration of file.getExportDeclarations()) {
      const from = declaration.getModuleSpecifierValue();
      if (from === undefined || declaration.hasNamedExports() || declaration.getNamespaceExport() !== undefined)
        continue;
      const home = this.#open(file, from);
      const found = home === undefined ? undefined : this.follow(home, name, seen);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
