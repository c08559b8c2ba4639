import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { ts } from "ts-morph";
import type { ImportExtension } from "../emit/import-targets.ts";

/**
 * What relative imports have to end with in a folder, by the nearest `tsconfig.json`: `.ts` where the compiler takes or
 * rewrites it, nothing where a bundler finds the files, else `.js`, as Node.js wants it.
 */
export function importExtension(folder: string): ImportExtension {
  const path = nearestConfig(folder);
  if (path === undefined) return ".js";
  const options = compilerOptions(path);
  if (options.allowImportingTsExtensions === true || options.rewriteRelativeImportExtensions === true) return ".ts";
  return options.moduleResolution === ts.ModuleResolutionKind.Bundler || isBundled(options) ? "" : ".js";
}

/** The `tsconfig.json` that applies in a folder; `undefined` if there is none. */
export function nearestConfig(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, "tsconfig.json");
    if (existsSync(path)) return path;
    if (dirname(at) === at) return undefined;
  }
}

/** What compilers choose where only `module` is given. */
function isBundled({ module, moduleResolution }: ts.CompilerOptions): boolean {
  return moduleResolution === undefined && module === ts.ModuleKind.Preserve;
}

/** The options of a configuration, with everything that it extends. Only they are wanted, so that no file is listed. */
function compilerOptions(path: string): ts.CompilerOptions {
  const { config } = ts.readConfigFile(path, (file) => ts.sys.readFile(file)) as { readonly config?: object };
  const host: ts.ParseConfigHost = {
    useCaseSensitiveFileNames: ts.sys.useCaseSensitiveFileNames,
    fileExists: (file) => ts.sys.fileExists(file),
    readFile: (file) => ts.sys.readFile(file),
    readDirectory: () => [],
  };
  return ts.parseJsonConfigFileContent(config ?? {}, host, dirname(path)).options;
}
