import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { runProgram } from "../../codegen/cli/program.ts";
import { root, temporaryFolder, writeFiles } from "./workspace.ts";

/** The strictest settings that users may have. */
const strict = {
  target: "es2023",
  lib: ["es2023"],
  types: ["node"],
  strict: true,
  skipLibCheck: false,
  rootDir: "src",
  outDir: "dist",
  declaration: true,
  isolatedDeclarations: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
};

/** What a user's `tsconfig.json` says, with some compiler options of its own. */
export function tsconfig(options: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ compilerOptions: { ...strict, module: "nodenext", ...options }, include: ["src"] });
}

/** A framing as a user would write it. */
export const tabFraming = `
import type { FrameInput, Framing, MessageBoundary } from "plib-io/data";

/** The options of tab framing. */
export interface TabFramingOptions {
  /**
   * How many tabs end a message.
   *
   * @defaultValue 1
   */
  tabs?: number;
}

/**
 * Each message ends with a tab.
 *
 * @phrase each message ends with tabs
 */
export class TabFraming implements Framing {
  static readonly suffix = "WithTab";
  static readonly boundary: MessageBoundary = "message";
  readonly #tabs: Buffer;

  constructor(options: TabFramingOptions) {
    this.#tabs = Buffer.alloc(options.tabs ?? 1, 9);
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    const end = input.indexOf(this.#tabs);
    if (end < 0) return undefined;
    const message = input.take(end);
    input.skip(this.#tabs.length);
    return message;
  }

  encode(payload: Uint8Array): readonly Uint8Array[] {
    return [payload, this.#tabs];
  }
}
`;

/** A user's project in a new folder: this package is installed in it, by a link. */
export function userProject(t: ExecutionContext, files: Readonly<Record<string, string>> = {}): string {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/plib-io"));
  symlinkSync(join(root, "node_modules/@types"), join(folder, "node_modules/@types"));
  symlinkSync(join(root, "node_modules/undici-types"), join(folder, "node_modules/undici-types"));
  writeFiles(folder, {
    "package.json": '{ "name": "app", "type": "module", "private": true }',
    "tsconfig.json": tsconfig(),
    "src/tab.ts": tabFraming,
    ...files,
  });
  return folder;
}

/** How a command ended, and what it said. */
export interface Ended {
  readonly status: number;
  readonly out: string[];
  readonly err: string[];
}

/** Runs the command in this process, as if its output were watched by a person or not. */
export async function plibIo(folder: string, args: readonly string[], isInteractive = true): Promise<Ended> {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = {
    isInteractive,
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
  };
  return { status: await runProgram(args, folder, terminal), out, err };
}

/** Compiles a user's project, and gives what the compiler says. */
export function compile(folder: string): string[] {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { stdout, stderr } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
  return `${stdout}${stderr}`.split("\n").filter((line) => line !== "");
}
