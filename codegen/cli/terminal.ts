import type { Terminal } from "./report.ts";

/** The terminal of this process. */
export const processTerminal: Terminal = {
  isInteractive: process.stdout.isTTY,
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
};
