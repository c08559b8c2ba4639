/** Tests against programs that are not ours, which may not be installed. */
import { accessSync, constants } from "node:fs";
import path from "node:path";
import process from "node:process";
import test, { type Implementation } from "ava";

/** Registers a test, as ava's own `test` does. */
export type PeerTest = (title: string, implementation: Implementation<[]>) => void;

/**
 * `test` for tests that need foreign programs. Where one of them is missing the test is reported as skipped, or as
 * failed if the environment variable `PLIB_IO_REQUIRE_PEERS` is set to 1.
 *
 * @example peer("socat")("talks to socat", async (t) => { … });
 */
export function peer(...programs: readonly string[]): PeerTest {
  const missing = programs.filter((program) => programPath(program) === undefined);
  if (missing.length === 0) return (title, implementation) => test(title, implementation);
  const reason = `${missing.join(", ")} not installed`;
  if (process.env["PLIB_IO_REQUIRE_PEERS"] === "1") return (title) => test(title, (t) => t.fail(reason));
  return (title, implementation) => test.skip(`${title} (${reason})`, implementation);
}

/** Where a program is on the `PATH`, or `undefined`. */
export function programPath(program: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  return folders.map((folder) => path.join(folder, program)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
