import { Command, CommanderError, Option } from "commander";
import { readManifest } from "./package-files.ts";
import type { GenerateFlags } from "./generate-command.ts";
import type { ListFlags } from "./list-command.ts";
import type { Terminal } from "./report.ts";

const EXAMPLES = `
Examples:
  npx plib-io init
  npx plib-io generate
  npx plib-io generate --framing src/nmea.ts#NmeaFraming --out src/channels --modes async
  npx plib-io generate --check

Exit status: 0 done; 1 --check found differences; 2 bad input, and nothing was written.
`;

/**
 * Runs `plib-io`. What a command needs is loaded with it.
 *
 * @param args what stands after the name of the command.
 * @param folder the current folder.
 * @param signal ends `generate --watch`.
 * @returns the exit status.
 */
export async function runProgram(
  args: readonly string[],
  folder: string,
  terminal: Terminal,
  signal?: AbortSignal,
): Promise<number> {
  let status = 0;
  const program = makeProgram(terminal);
  addGenerate(program, async (flags) => {
    const { generateCommand } = await import("./generate-command.ts");
    status = await generateCommand(flags, folder, terminal, signal);
  });
  addList(program, async (flags) => {
    const { listCommand } = await import("./list-command.ts");
    status = await listCommand(flags, folder, terminal);
  });
  program
    .command("init")
    .description("write a commented plib-io.config.ts and a framing that works, to begin with")
    .action(async () => {
      const { initCommand } = await import("./init-command.ts");
      status = initCommand(folder, terminal);
    });
  try {
    await program.parseAsync([...args], { from: "user" });
    return status;
  } catch (error) {
    // Help and version end this way too, with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

function addGenerate(program: Command, action: (flags: GenerateFlags) => Promise<void>): void {
  withSettings(program.command("generate"))
    .description("make the classes of your framings")
    .addOption(new Option("--check", "write nothing; exit with status 1 if something would change").conflicts("watch"))
    .option("--watch", "go on, and generate again whenever a file changes that was read")
    .option("--json", "tell the outcome as JSON, one line for each run")
    .option("--quiet", "tell only what is wrong")
    .addHelpText("after", EXAMPLES)
    .action(action);
}

function addList(program: Command, action: (flags: ListFlags) => Promise<void>): void {
  withSettings(program.command("list"))
    .description("list all classes: those of plib-io, and those of your framings")
    .option("--json", "as JSON")
    .action(action);
}

function makeProgram(terminal: Terminal): Command {
  return new Command("plib-io")
    .description("Makes channels, one class for each mode, device and role, for your own message framing.")
    .version(readManifest().version)
    .showHelpAfterError("(see plib-io --help)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    });
}

/** The options by which what the configuration says can be said, or replaced. */
function withSettings(command: Command): Command {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  const collectAll = (value: string, before: readonly string[] = []): readonly string[] => [...before, ...split(value)];
  return command
    .option("--config <file>", "the configuration (default: plib-io.config.ts, .js or .json in this folder)")
    .option("--framing <file#class>", "a framing class in a TypeScript file; may be given again", collect)
    .option("--suffix <suffix>", "what class names end with, instead of the framing's own suffix")
    .option("--modes <names>", "only these modes: async,blocking", collectAll)
    .option("--devices <names>", "only these devices: socket,serial", collectAll)
    .option("--roles <names>", "only these roles: client,server,base-request-handler,persistent,…", collectAll)
    .option("--out <folder>", 'the folder to write to (default: "src/channels")')
    .option(
      "--extension <extension>",
      "what relative imports end with: .js, .ts or none (default: as tsconfig.json says)",
    );
}

function split(value: string): string[] {
  return value
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}
