/** Programs that are not ours, which may not be installed. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageFolder } from "../../codegen/cli/package-files.ts";

/** A source file of a peer. */
export function peerSource(file: string): string {
  return join(packageFolder, "bench/peers", file);
}

/** Whether a program runs with these arguments. */
export function works(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Compiles a C source; where it is put is removed when this process ends. `undefined` without a compiler. */
export function compiled(file: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "plib-io-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, "peer");
  return works("cc", ["-O2", "-o", program, peerSource(file)]) ? program : undefined;
}

/** Has a process, with all threads that it has or will have, run on the first processor alone. */
export function bindToOneProcessor(pid: number): void {
  execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", "0", `${pid}`], { stdio: "ignore" });
}
