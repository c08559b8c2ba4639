/** How long `plib-io generate` takes, and how much memory, from 1 to 100 framings. Each in a process of its own. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageFolder } from "../codegen/cli/package-files.ts";

/** One measurement. */
interface Row {
  readonly framings: number;
  readonly classes: number;
  /** From the start of the process to its end. */
  readonly seconds: number;
  /** The most memory that it held at one time. */
  readonly mebibytes: number;
}

const NUMBERS = [1, 25, 50, 100];
const ROUNDS = 3;
const CHILD = `
  const { runProgram } = await import(process.argv[1]);
  let classes = 0;
  const terminal = { isInteractive: false, out: (line) => (classes = JSON.parse(line).classes), err: console.error };
  process.exitCode = await runProgram(["generate", "--json"], process.cwd(), terminal);
  console.log(JSON.stringify({ classes, mebibytes: process.resourceUsage().maxRSS / 1024 }));
`;

/** A project with so many framings. */
function makeProject(framings: number): string {
  const folder = mkdtempSync(join(tmpdir(), "plib-io-bench-"));
  const source = readFileSync(join(packageFolder, "templates/init/block.ts"), "utf8");
  mkdirSync(join(folder, "src"));
  const files = Array.from({ length: framings }, (_, index) => {
    const text = source
      .replace("class BlockFraming", `class Block${index}Framing`)
      .replace("WithBlock", `WithBlock${index}`);
    writeFileSync(join(folder, `src/block-${index}.ts`), text);
    return `src/block-${index}.ts`;
  });
  writeFileSync(join(folder, "plib-io.config.json"), JSON.stringify({ framings: files }));
  return folder;
}

function measure(framings: number): Row {
  const folder = makeProject(framings);
  try {
    const program = new URL("../codegen/cli/program.js", import.meta.url).href;
    const started = performance.now();
    const out = execFileSync(process.execPath, ["--input-type=module", "-e", CHILD, program], {
      cwd: folder,
      encoding: "utf8",
    });
    const seconds = (performance.now() - started) / 1000;
    return { framings, seconds, ...(JSON.parse(out) as { classes: number; mebibytes: number }) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The median of some rounds, interleaved. */
function measureAll(): Row[] {
  const rounds = Array.from({ length: ROUNDS }, () => NUMBERS.map((number) => measure(number)));
  return NUMBERS.map((_, index) => {
    const rows = rounds.flatMap((round) => round.slice(index, index + 1)).toSorted((a, b) => a.seconds - b.seconds);
    return rows[Math.floor(ROUNDS / 2)] as Row;
  });
}

const rows = measureAll();
console.table(rows.map((row) => ({ ...row, seconds: row.seconds.toFixed(2), mebibytes: Math.round(row.mebibytes) })));
console.log(JSON.stringify({ name: "generate", rows }));
