import { existsSync } from "node:fs";
import { dirname, extname, resolve, sep } from "node:path";
import { type ClassDeclaration, type InterfaceDeclaration, type Node, Project, type SourceFile } from "ts-morph";
import { type Declared, ExportChains } from "./export-chains.ts";
import type { ImportedName, ImportTarget, Position } from "./model.ts";
import { Problems } from "./problems.ts";
import { topLevelNames } from "./top-level-names.ts";

/** What a name means in a file: something to import, a declaration that is not exported, or a global. */
export type Meaning =
  | { readonly kind: "importable"; readonly name: ImportedName }
  | { readonly kind: "private" }
  | { readonly kind: "global" };

const GLOBAL: Meaning = { kind: "global" };
const PRIVATE: Meaning = { kind: "private" };

/** A package whose source is at hand, so that names can be traced into it. */
export interface KnownPackage {
  /** The folder of the package. */
  readonly folder: string;
  /** The source files of its modules, by specifier. */
  readonly modules: ReadonlyMap<string, string>;
}

/**
 * Source files, parsed and no more: nothing is imported, executed or type-checked. Names are traced through import and
 * export declarations alone.
 */
export class SourceTree {
  readonly #project = new Project({
    compilerOptions: { noLib: true, noResolve: true, types: [] },
    skipAddingFilesFromTsConfig: true,
    skipFileDependencyResolution: true,
    skipLoadingLibFiles: true,
  });
  readonly #meanings = new Map<SourceFile, Map<string, Meaning>>();
  readonly #chains = new ExportChains((from, specifier) => this.#open(this.#resolve(from, specifier)));
  readonly #package: KnownPackage | undefined;

  /** @param known names imported from it are traced to where they are declared. */
  constructor(known?: KnownPackage) {
    this.#package = known;
  }

  /** The files that were read so far. */
  get paths(): string[] {
    return this.#project.getSourceFiles().map((file) => file.getFilePath());
  }

  /**
   * Parses files.
   *
   * @throws PartsError with every syntax error in them.
   */
  openAll(paths: readonly string[]): SourceFile[] {
    const files = paths.map((path) => this.#project.addSourceFileAtPath(path));
    const program = this.#project.getProgram();
    const problems = new Problems();
    for (const file of files) {
      for (const diagnostic of program.getSyntacticDiagnostics(file)) {
        const { line, column } = file.getLineAndColumnAtPos(diagnostic.getStart());
        const text = diagnostic.getMessageText();
        const message = typeof text === "string" ? text : text.getMessageText();
        problems.add({ file: file.getFilePath(), line, column }, `does not parse: ${message}`);
      }
    }
    problems.throwIfAny();
    return files;
  }

  /** What `name` means at the top level of `file`. */
  meaning(file: SourceFile, name: string): Meaning {
    let meanings = this.#meanings.get(file);
    if (meanings === undefined) {
      meanings = this.#readMeanings(file);
      this.#meanings.set(file, meanings);
    }
    const meaning = this.#atHome(meanings.get(name) ?? GLOBAL);
    meanings.set(name, meaning);
    return meaning;
  }

  /** The interface that `name` means in `file`, wherever it is declared; `undefined` if that is out of reach. */
  findInterface(file: SourceFile, name: string): InterfaceDeclaration | undefined {
    const declared = this.#declared(file, name);
    return declared?.file.getInterface(declared.name);
  }

  /** The class that `name` means in `file`, wherever it is declared; `undefined` if that is out of reach. */
  findClass(file: SourceFile, name: string): ClassDeclaration | undefined {
    const declared = this.#declared(file, name);
    return declared?.file.getClass(declared.name);
  }

  /** The module of the known package that users can import a name of it from; `undefined` if there is none. */
  moduleOf({ target, exportName }: ImportedName): string | undefined {
    if (target.kind === "module") return undefined;
    for (const [specifier, path] of this.#package?.modules ?? []) {
      const home = this.#open({ kind: "file", path });
      if (home === undefined) continue;
      if (exportName === "*" && path === target.path) return specifier;
      const declared = this.#chains.follow(home, exportName);
      if (declared?.file.getFilePath() === target.path && declared.name === exportName) return specifier;
    }
    return undefined;
  }

  #declared(file: SourceFile, name: string): Declared | undefined {
    const meaning = this.meaning(file, name);
    if (meaning.kind !== "importable") return { file, name };
    const home = this.#open(meaning.name.target);
    return home === undefined ? undefined : this.#chains.follow(home, meaning.name.exportName);
  }

  /** A name of the known package, as imported from the file that declares it: one name has one home, however it is reached. */
  #atHome(meaning: Meaning): Meaning {
    if (meaning.kind !== "importable" || this.#package === undefined) return meaning;
    const { target, exportName } = meaning.name;
    if (target.kind !== "file" || !target.path.startsWith(this.#package.folder + sep)) return meaning;
    const home = this.#open(target);
    const declared = home === undefined ? undefined : this.#chains.follow(home, exportName);
    if (declared === undefined) return meaning;
    const name = { ...meaning.name, exportName: declared.name, target: fileTarget(declared.file) };
    return { kind: "importable", name };
  }

  #open(target: ImportTarget): SourceFile | undefined {
    if (target.kind === "module" || !existsSync(target.path)) return undefined;
    return this.#project.addSourceFileAtPath(target.path);
  }

  /** A relative specifier, or one of the known package, becomes a file; anything else stays as it is written. */
  #resolve(file: SourceFile, specifier: string): ImportTarget {
    const known = this.#package?.modules.get(specifier);
    if (known !== undefined) return { kind: "file", path: known };
    return resolveTarget(file, specifier);
  }

  #readMeanings(file: SourceFile): Map<string, Meaning> {
    const meanings = new Map<string, Meaning>();
    const exported = new Set<string>();
    for (const declaration of file.getExportDeclarations()) {
      if (declaration.hasModuleSpecifier()) continue;
      for (const specifier of declaration.getNamedExports()) {
        if (specifier.getAliasNode() === undefined) exported.add(specifier.getName());
      }
    }
    for (const { name, isExported } of topLevelNames(file)) {
      const isImportable = isExported || exported.has(name);
      meanings.set(name, isImportable ? importable(name, name, fileTarget(file)) : PRIVATE);
    }
    for (const [name, meaning] of this.#importedNames(file)) meanings.set(name, meaning);
    return meanings;
  }

  #importedNames(file: SourceFile): [string, Meaning][] {
    return file.getImportDeclarations().flatMap((declaration) => {
      const target = this.#resolve(file, declaration.getModuleSpecifierValue());
      const found: [string, Meaning][] = declaration.getNamedImports().map((specifier) => {
        const localName = specifier.getAliasNode()?.getText() ?? specifier.getName();
        return [localName, importable(specifier.getName(), localName, target)];
      });
      const namespace = declaration.getNamespaceImport()?.getText();
      if (namespace !== undefined) found.push([namespace, importable("*", namespace, target)]);
      const byDefault = declaration.getDefaultImport()?.getText();
      if (byDefault !== undefined) found.push([byDefault, importable("default", byDefault, target)]);
      return found;
    });
  }
}

/** Where `node` begins. */
export function positionOf(node: Node): Position {
  const file = node.getSourceFile();
  const { line, column } = file.getLineAndColumnAtPos(node.getStart());
  return { file: file.getFilePath(), line, column };
}

/** The file as something to import from. */
export function fileTarget(file: SourceFile): ImportTarget {
  return { kind: "file", path: file.getFilePath() };
}

function importable(exportName: string, localName: string, target: ImportTarget): Meaning {
  return { kind: "importable", name: { exportName, localName, target } };
}

/** A relative specifier becomes a file; anything else stays as it is written. */
function resolveTarget(file: SourceFile, specifier: string): ImportTarget {
  if (!/^\.\.?(?:\/|$)/.test(specifier)) return { kind: "module", specifier };
  const path = resolve(dirname(file.getFilePath()), specifier);
  const candidates = [path.replace(/\.([cm]?)js$/, ".$1ts"), `${path}.ts`, resolve(path, "index.ts")];
  const isSource = /^\.[cm]?ts$/.test(extname(path));
  const found = isSource ? path : candidates.find((candidate) => existsSync(candidate) && candidate !== path);
  return { kind: "file", path: found ?? path };
}
