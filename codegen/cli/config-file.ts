import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ts } from "ts-morph";
import type { Position } from "../read/model.ts";
import { Problems } from "../read/problems.ts";
import { LiteralReader, type Located } from "./literals.ts";

/** The names that a configuration is looked for under, in this order. */
export const CONFIG_NAMES = ["plib-io.config.ts", "plib-io.config.js", "plib-io.config.json"] as const;

/** A configuration as it was read: not checked yet. */
export interface ConfigFile extends Located {
  /** The absolute path. */
  readonly path: string;
}

/** The configuration in a folder; `undefined` if there is none. */
export function findConfig(folder: string): string | undefined {
  return CONFIG_NAMES.map((name) => join(folder, name)).find((path) => existsSync(path));
}

/**
 * Reads a configuration: TypeScript as syntax, without running it; JavaScript by importing it; JSON, in which comments
 * may stand.
 *
 * @throws PartsError if it cannot be read.
 */
export async function readConfig(path: string): Promise<ConfigFile> {
  const start: Position = { file: path, line: 1, column: 1 };
  if (!existsSync(path)) fail(undefined, `there is no file ${path}`);
  if (/\.[cm]?js$/.test(path)) return { path, value: await importDefault(path, start), positionOf: () => start };
  const text = readFileSync(path, "utf8");
  return { path, ...(path.endsWith(".json") ? readJson(path, text) : readTypeScript(path, text, start)) };
}

let imports = 0;

async function importDefault(path: string, start: Position): Promise<unknown> {
  try {
    // Each time under another address, or a changed file would not be read again.
    const module = (await import(`${pathToFileURL(path).href}?${++imports}`)) as { readonly default?: unknown };
    if (module.default !== undefined) return module.default;
  } catch (error) {
    return fail(start, `cannot be imported: ${error instanceof Error ? error.message : String(error)}`);
  }
  return fail(start, "has no default export");
}

function readJson(path: string, text: string): Located {
  const { error } = ts.parseConfigFileTextToJson(path, text);
  const source = ts.parseJsonText(path, text);
  const expression = source.statements[0]?.expression;
  if (error !== undefined) fail(positionAt(source, error.start ?? 0), `does not parse: ${textOf(error)}`);
  if (expression === undefined) return fail({ file: path, line: 1, column: 1 }, "is empty");
  return new LiteralReader(source).read(expression);
}

function readTypeScript(path: string, text: string, start: Position): Located {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const { diagnostics = [] } = ts.transpileModule(text, { fileName: path, reportDiagnostics: true });
  const first = diagnostics.find((each) => each.category === ts.DiagnosticCategory.Error);
  if (first !== undefined) fail(positionAt(source, first.start ?? 0), `does not parse: ${textOf(first)}`);
  const exported = source.statements.find((each) => ts.isExportAssignment(each) && !each.isExportEquals);
  if (exported === undefined || !ts.isExportAssignment(exported)) {
    return fail(start, "has no default export: write `export default defineConfig({ … })`");
  }
  return new LiteralReader(source).read(exported.expression);
}

function textOf(diagnostic: ts.Diagnostic): string {
  return ts.flattenDiagnosticMessageText(diagnostic.messageText, " ");
}

function positionAt(source: ts.SourceFile, at: number): Position {
  const { line, character } = source.getLineAndCharacterOfPosition(at);
  return { file: source.fileName, line: line + 1, column: character + 1 };
}

function fail(position: Position | undefined, message: string): never {
  const problems = new Problems();
  problems.add(position, message);
  problems.throwIfAny();
  throw new Error(message);
}
