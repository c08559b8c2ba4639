import { relative } from "node:path";
import { formatProblem } from "../read/problems.ts";
import { UserGenerator } from "./user-project.ts";
import { importExtension } from "./import-extension.ts";
import { report, type Reporting, type Terminal } from "./report.ts";
import { failure, type Outcome, run } from "./run.ts";
import { configPath, type Flags, readSettings, type Settings } from "./settings.ts";
import { watch } from "./watch.ts";

/** What `generate` can be told besides the settings. */
export interface GenerateFlags extends Flags {
  readonly check?: boolean;
  readonly watch?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/**
 * `plib-io generate`: makes the classes of a user's framings.
 *
 * @param signal ends `--watch`.
 * @returns the exit status.
 */
export async function generateCommand(
  flags: GenerateFlags,
  folder: string,
  terminal: Terminal,
  signal?: AbortSignal,
): Promise<number> {
  const generator = new UserGenerator();
  const isCheck = flags.check ?? false;
  const reporting: Reporting = {
    isCheck,
    isJson: flags.json ?? false,
    isQuiet: flags.quiet ?? false,
    folder,
    remedy: "npx plib-io generate",
  };
  const isTold = terminal.isInteractive && !reporting.isJson && !reporting.isQuiet;
  const begun = (settings: Settings): void => {
    if (isTold) terminal.out(`reading ${sourcesIn(settings)}`);
  };
  const runOnce = async (seen: Set<string>): Promise<number> => {
    const outcome = await generateOnce(generator, flags, folder, { seen, begun });
    report(outcome, reporting, terminal);
    return outcome.status;
  };
  if (!flags.watch) return runOnce(new Set());
  if (isTold) terminal.out("watching for changes; Ctrl+C ends it");
  return watch(runOnce, signal);
}

/** What is told of a run while it goes on. */
interface Progress {
  /** Takes everything that was looked at, so that a change of it can be waited for. */
  readonly seen: Set<string>;
  /** Called when it is clear what is to be done. */
  readonly begun: (settings: Settings) => void;
}

async function generateOnce(
  generator: UserGenerator,
  flags: GenerateFlags,
  folder: string,
  { seen, begun }: Progress,
): Promise<Outcome> {
  try {
    const path = configPath(flags, folder);
    if (path !== undefined) seen.add(path);
    const settings = await readSettings(flags, folder);
    const { root, out } = settings;
    begun(settings);
    const extension = settings.extension ?? importExtension(out.value);
    const make = () => ({ ...generator.generate({ ...settings, extension }, seen), root, out: out.value });
    return run(make, flags.check ?? false);
  } catch (error) {
    return failure(error);
  }
}

/** The framings in a few words. */
function sourcesIn({ root, framings }: Settings): string {
  if (framings.length > 3) return `${framings.length} framings`;
  const names = framings.map(
    ({ path, className }) => relative(root, path) + (className === undefined ? "" : `#${className}`),
  );
  return names.join(", ");
}

/** The problems of a run as lines. */
export function problemLines({ problems }: Outcome, folder: string): string[] {
  return problems.map((problem) => formatProblem(problem, folder));
}
