/**
 * Every class of the package at work: `npm run demo [-- FILE]` sends the lines of FILE (the README, if none is given)
 * from class to class over TCP, Unix sockets and virtual serial lines, and verifies every answer.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { matrix } from "../../generated/matrix.ts";
import { endsOf } from "./ends.ts";
import { play } from "./play.ts";
import { Report } from "./report.ts";
import { findScenarios, namesOf } from "./scenarios.ts";
import { linesOf } from "./task.ts";

const MAX_FILE_SIZE = 4 * 1024 * 1024;
/** How long the process may take to end by itself once everything is closed. */
const EXIT_DEADLINE_MS = 3000;

const path = process.argv[2] ?? "README.md";

try {
  process.exitCode = await demo(path, readFileSync(path));
} catch (error) {
  say(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}

// Nothing is left that would keep the process alive, and this does not: it only runs if something is left after all.
setTimeout(() => {
  say(`FAILED: still held: ${process.getActiveResourcesInfo().join(", ")}`);
  process.exit(1);
}, EXIT_DEADLINE_MS).unref();

async function demo(name: string, file: Buffer): Promise<number> {
  if (file.length === 0 || file.length > MAX_FILE_SIZE) throw new RangeError("give a file of 1 byte to 4 MiB");
  say(`Sending ${basename(name)}, ${linesOf(file).length} lines and ${file.length} bytes, from class to class.`);
  say("Where a channel carries one message only (basic, shutdown), the file is sent as a whole, else line by line.");
  say("An answer is the message in ROT13, and is verified. Below each place: the median round trip of a message.\n");
  const scenarios = findScenarios();
  const named = new Set(scenarios.flatMap((scenario) => namesOf(scenario)));
  const report = new Report(
    matrix.filter(({ className }) => named.has(className)),
    [...new Set(scenarios.map(({ place }) => place.title))],
  );
  for (const scenario of scenarios) {
    const { title } = scenario.place;
    const names = namesOf(scenario);
    try {
      await play(scenario, file, (exchange) => report.add(names, title, exchange));
    } catch (error) {
      report.addFailure(names, title, error);
    }
  }
  for (const ends of Object.values(endsOf)) await ends.release?.();
  const alone = matrix.filter(({ className }) => !named.has(className));
  if (alone.length > 0) say(`No class to talk to: ${alone.map(({ className }) => className).join(", ")}\n`);
  for (const line of report.lines()) say(line);
  return report.hasFailed ? 1 : 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
