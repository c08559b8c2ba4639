/** The command line for this package's own classes: `generate` and `generate --check`, in the current folder. */
import { runCommand } from "./cli/package-command.ts";
import { processTerminal } from "./cli/terminal.ts";

process.exitCode = runCommand(process.argv.slice(2), process.cwd(), processTerminal);
