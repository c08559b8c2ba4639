/**
 * Runs the comparisons: all of them, or those that are named. Each is a program of its own beside this one, prints a table
 * and, as its last line, the same as JSON, which is written to `bench/results/<name>.json`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { packageFolder } from "../codegen/cli/package-files.ts";

/** Every comparison there is to be, in the order of `npm run bench`. */
const NAMES = [
  "decode",
  "decode-framings",
  "decode-long",
  "echo-rtt",
  "echo-pipelined",
  "blocking-rtt",
  "blocking-connect",
  "serial-rtt",
  "forking",
  "idle",
  "import",
  "bundle",
  "generate",
] as const;

const program = (name: string): string => fileURLToPath(new URL(`./${name}.js`, import.meta.url));

/** Runs a comparison; whether it came to its end. */
async function run(name: string): Promise<boolean> {
  console.log(`\n${name}`);
  const child = spawn(process.execPath, [program(name)], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  let last = "";
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("{")) last = line;
    else console.log(line);
  }
  const [code] = (await ended) as [number | null];
  if (code !== 0 || last === "") return false;
  const results = join(packageFolder, "bench/results");
  mkdirSync(results, { recursive: true });
  const machine = { node: process.version, processor: cpus()[0]?.model, cores: cpus().length };
  const result = { ...(JSON.parse(last) as object), machine };
  writeFileSync(join(results, `${name}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
  return true;
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(NAMES as readonly string[]).includes(name) || !existsSync(program(name)));
for (const name of unknown) console.error(`there is no comparison ${name}`);
const chosen = asked.length > 0 ? asked : NAMES.filter((name) => existsSync(program(name)));
const failed: string[] = [];
if (unknown.length === 0) for (const name of chosen) if (!(await run(name))) failed.push(name);
if (failed.length > 0) console.error(`failed: ${failed.join(", ")}`);
process.exitCode = unknown.length + failed.length > 0 ? 1 : 0;
