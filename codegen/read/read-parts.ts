import type { Parts } from "./model.ts";
import { PartReading } from "./part-reading.ts";
import { readFramings } from "./read-framings.ts";
import { readRuntime, type RuntimeFiles } from "./read-runtime.ts";

/** The files to read, each an absolute path, by what they hold. */
export interface PartFiles extends RuntimeFiles {
  readonly framings: readonly string[];
}

/**
 * Reads parts as syntax. Nothing of them is imported or executed.
 *
 * @throws PartsError for files that do not parse and parts that do not fit, all of them at once.
 */
export function readParts(files: PartFiles): Parts {
  const reading = new PartReading();
  reading.tree.openAll([...files.framings, ...files.devices, ...files.roles, ...files.modes]);
  const framings = readFramings(
    reading,
    files.framings.map((path) => ({ path })),
  );
  const runtime = readRuntime(reading, files);
  reading.problems.throwIfAny();
  return { framings, ...runtime };
}
