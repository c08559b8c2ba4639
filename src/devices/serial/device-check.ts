import { type Stats, statSync } from "node:fs";
import { notTtyError } from "./serial-errors.ts";

/**
 * Checks that a path leads to a character device: opening a FIFO would let its writer run into nothing, opening a file
 * would not fail.
 *
 * @throws OpenError `ERR_PORT_NOT_TTY`; an error of the system for a path that leads nowhere.
 */
export function checkDevice(path: string): void {
  const stats = statSync(path);
  if (!stats.isCharacterDevice()) throw notTtyError(path, kindOf(stats));
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a directory";
  if (stats.isFIFO()) return "a FIFO";
  if (stats.isSocket()) return "a Unix socket";
  return stats.isFile() ? "a regular file" : "a block device";
}
