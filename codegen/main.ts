/** The command line: `generate` and `generate --check`, for the project in the current folder. */
import { runCommand } from "./command.ts";

process.exitCode = runCommand(process.argv.slice(2), process.cwd(), {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
});
