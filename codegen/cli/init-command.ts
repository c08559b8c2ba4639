import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readTemplate } from "./package-files.ts";
import { folderFault } from "../write/target-folder.ts";
import { findConfig } from "./config-file.ts";
import type { Terminal } from "./report.ts";

/** What is written, and from which template. */
const FILES = [
  { path: "plib-io.config.ts", template: "init/plib-io.config.ts" },
  { path: "src/framings/block.ts", template: "init/block.ts" },
] as const;

/**
 * `plib-io init`: writes a configuration and a framing that works, to begin with. Nothing is overwritten.
 *
 * @returns the exit status.
 */
export function initCommand(folder: string, terminal: Terminal): number {
  const faults = FILES.flatMap(({ path }) => {
    const target = join(folder, path);
    const fault = folderFault(folder, dirname(target));
    return fault ?? (existsSync(target) ? `${path} is there already, and is not overwritten` : []);
  });
  const config = findConfig(folder);
  if (config !== undefined && faults.length === 0) faults.push(`there is a configuration already: ${config}`);
  if (faults.length > 0) {
    for (const fault of faults) terminal.err(fault);
    return 2;
  }
  const written: string[] = [];
  try {
    for (const { path, template } of FILES) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), readTemplate(template), { flag: "wx" });
      written.push(path);
    }
  } catch (error) {
    for (const path of written) rmSync(join(folder, path));
    throw error;
  }
  if (terminal.isInteractive) for (const line of nextSteps()) terminal.out(line);
  return 0;
}

function nextSteps(): string[] {
  return [
    ...FILES.map(({ path }) => `wrote ${path}`),
    "next: `npx plib-io generate`, then",
    '  import { AsyncSocketClientWithBlock } from "./channels/index.js";',
    "To compile, a project needs: npm install --save-dev typescript @types/node",
  ];
}
