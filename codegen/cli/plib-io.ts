#!/usr/bin/env node
/** The command `plib-io`. */
import { runProgram } from "./program.ts";
import { processTerminal } from "./terminal.ts";

try {
  process.exitCode = await runProgram(process.argv.slice(2), process.cwd(), processTerminal);
} catch (error) {
  // A fault of the generator itself. Not 1, which stands for differences.
  processTerminal.err(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 2;
}
