import { relative, sep } from "node:path";
import type { Cell } from "../schema/cell.ts";
import { matrixTable } from "../emit/tables.ts";
import { roleName } from "../schema/class-names.ts";
import type { Schema } from "../schema/schema.ts";
import { UserGenerator } from "./user-project.ts";
import { problemLines } from "./generate-command.ts";
import type { Terminal } from "./report.ts";
import { failure } from "./run.ts";
import { configPath, type Flags, readSettings } from "./settings.ts";

/** What `list` can be told. */
export interface ListFlags extends Flags {
  readonly json?: boolean;
}

/** A class in the list. */
interface ListedClass {
  readonly className: string;
  readonly shortName: string;
  readonly mode: string;
  readonly role: string;
  /** Empty for classes that fit any device. */
  readonly device: string;
  /** The suffix; empty for basic framing. */
  readonly framing: string;
  /** Where it is imported from: `plib-io`, or a file below the project. */
  readonly from: string;
}

/**
 * `plib-io list`: the classes of this package, and those of the framings in the configuration or on the command line.
 *
 * @returns the exit status.
 */
export async function listCommand(flags: ListFlags, folder: string, terminal: Terminal): Promise<number> {
  const generator = new UserGenerator();
  try {
    const own = generator.ownSchema;
    const users = await usersSchema(generator, flags, folder);
    const lists = [listed(own, "plib-io"), ...(users === undefined ? [] : [listed(users.schema, users.from)])];
    if (flags.json) terminal.out(JSON.stringify(lists.flat(), undefined, 2));
    else for (const schema of [own, users?.schema]) if (schema !== undefined) terminal.out(`${matrixTable(schema)}\n`);
    return 0;
  } catch (error) {
    for (const line of problemLines(failure(error), folder)) terminal.err(line);
    return 2;
  }
}

async function usersSchema(
  generator: UserGenerator,
  flags: ListFlags,
  folder: string,
): Promise<{ schema: Schema; from: string } | undefined> {
  if (configPath(flags, folder) === undefined && flags.framing === undefined) return undefined;
  const settings = await readSettings(flags, folder);
  const { schema } = generator.generate({ ...settings, extension: ".js" });
  return { schema, from: `./${relative(settings.root, settings.out.value).split(sep).join("/")}` };
}

function listed({ cells }: Schema, from: string): ListedClass[] {
  return cells.map((cell: Cell) => ({
    className: cell.className,
    shortName: cell.shortName,
    mode: cell.mode.mode,
    role: roleName(cell.role.className),
    device: cell.device?.deviceName ?? "",
    framing: cell.framing.suffix,
    from: from === "plib-io" ? from : `${from}/${cell.file}`,
  }));
}
