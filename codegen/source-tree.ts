import { existsSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import { type ClassDeclaration, type InterfaceDeclaration, Node, Project, type SourceFile } from "ts-morph";
import type { ImportedName, ImportTarget, Position } from "./model.ts";
import type { Problems } from "./problems.ts";

/** What a name means in a file: something to import, a declaration that is not exported, or a global. */
export type Meaning =
  | { readonly kind: "importable"; readonly name: ImportedName }
  | { readonly kind: "private" }
  | { readonly kind: "global" };

const GLOBAL: Meaning = { kind: "global" };
const PRIVATE: Meaning = { kind: "private" };

/**
 * Source files, parsed and no more: nothing is imported, executed or type-checked. Names are traced through import
 * declarations alone.
 */
export class SourceTree {
  readonly #project = new Project({
    compilerOptions: { noLib: true, noResolve: true, types: [] },
    skipAddingFilesFromTsConfig: true,
    skipFileDependencyResolution: true,
    skipLoadingLibFiles: true,
  });
  readonly #meanings = new Map<SourceFile, ReadonlyMap<string, Meaning>>();
  readonly #problems: Problems;

  /** @param problems takes what is wrong with the files. */
  constructor(problems: Problems) {
    this.#problems = problems;
  }

  /** Parses files, and notes every syntax error in them. */
  openAll(paths: readonly string[]): SourceFile[] {
    const files = paths.map((path) => this.#project.addSourceFileAtPath(path));
    const program = this.#project.getProgram();
    for (const file of files) {
      for (const diagnostic of program.getSyntacticDiagnostics(file)) {
        const { line, column } = file.getLineAndColumnAtPos(diagnostic.getStart());
        const text = diagnostic.getMessageText();
        const message = typeof text === "string" ? text : text.getMessageText();
        this.#problems.add({ file: file.getFilePath(), line, column }, `does not parse: ${message}`);
      }
    }
    return files;
  }

  /** What `name` means at the top level of `file`. */
  meaning(file: SourceFile, name: string): Meaning {
    let meanings = this.#meanings.get(file);
    if (meanings === undefined) {
      meanings = readMeanings(file);
      this.#meanings.set(file, meanings);
    }
    return meanings.get(name) ?? GLOBAL;
  }

  /** The interface that `name` means in `file`, wherever it is declared; `undefined` if that is out of reach. */
  findInterface(file: SourceFile, name: string): InterfaceDeclaration | undefined {
    return this.#declaringFile(file, name, (home, exportName) => home.getInterface(exportName));
  }

  /** The class that `name` means in `file`, wherever it is declared; `undefined` if that is out of reach. */
  findClass(file: SourceFile, name: string): ClassDeclaration | undefined {
    return this.#declaringFile(file, name, (home, exportName) => home.getClass(exportName));
  }

  #declaringFile<Found>(
    file: SourceFile,
    name: string,
    find: (home: SourceFile, exportName: string) => Found | undefined,
  ): Found | undefined {
    const meaning = this.meaning(file, name);
    if (meaning.kind !== "importable") return find(file, name);
    const { target, exportName } = meaning.name;
    if (target.kind === "module" || !existsSync(target.path)) return undefined;
    return find(this.#project.addSourceFileAtPath(target.path), exportName);
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

function readMeanings(file: SourceFile): Map<string, Meaning> {
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
    const target = fileTarget(file);
    meanings.set(name, isImportable ? importable(name, name, target) : PRIVATE);
  }
  for (const [name, meaning] of importedNames(file)) meanings.set(name, meaning);
  return meanings;
}

function importable(exportName: string, localName: string, target: ImportTarget): Meaning {
  return { kind: "importable", name: { exportName, localName, target } };
}

function importedNames(file: SourceFile): [string, Meaning][] {
  return file.getImportDeclarations().flatMap((declaration) => {
    const target = resolveTarget(file, declaration.getModuleSpecifierValue());
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

function topLevelNames(file: SourceFile): { name: string; isExported: boolean }[] {
  return file.getStatements().flatMap((statement) => {
    if (Node.isVariableStatement(statement)) {
      const isExported = statement.hasExportKeyword();
      return statement.getDeclarations().map((declaration) => ({ name: declaration.getName(), isExported }));
    }
    const isNamed =
      Node.isInterfaceDeclaration(statement) ||
      Node.isTypeAliasDeclaration(statement) ||
      Node.isClassDeclaration(statement) ||
      Node.isFunctionDeclaration(statement) ||
      Node.isEnumDeclaration(statement);
    const name = isNamed ? statement.getName() : undefined;
    if (!isNamed || name === undefined) return [];
    return [{ name, isExported: statement.hasExportKeyword() && !statement.hasDefaultKeyword() }];
  });
}

/** A relative specifier becomes a file; anything else stays as it is written. */
function resolveTarget(file: SourceFile, specifier: string): ImportTarget {
  if (!/^\.\.?(?:\/|$)/.test(specifier)) return { kind: "module", specifier };
  const path = resolve(dirname(file.getFilePath()), specifier);
  const extension = extname(path);
  const candidates = [path.replace(/\.([cm]?)js$/, ".$1ts"), `${path}.ts`, resolve(path, "index.ts")];
  const found =
    extension === ".ts" ? path : candidates.find((candidate) => existsSync(candidate) && candidate !== path);
  return { kind: "file", path: found ?? path };
}
