import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { runProgram } from "../../../codegen/cli/program.ts";
import { tabFraming, userProject } from "../user-workspace.ts";
import { writeFiles } from "../workspace.ts";

interface Run {
  readonly status: number;
  readonly changes: readonly { readonly path: string }[];
  readonly problems: readonly { readonly text?: string; readonly message: string }[];
}

/** `generate --watch` in a project, run by run. */
class Watching {
  readonly ended: Promise<number>;
  readonly #stop = new AbortController();
  readonly #runs: Run[] = [];
  #told: (() => void) | undefined;

  constructor(folder: string, args: readonly string[]) {
    const terminal = {
      isInteractive: false,
      out: (line: string) => this.#take(JSON.parse(line) as Run),
      err: () => undefined,
    };
    const all = ["generate", "--watch", "--json", "--modes", "async", "--roles", "client", ...args];
    this.ended = runProgram(all, folder, terminal, this.#stop.signal);
  }

  /** The next run that is as wanted. What an editor does in steps may lead to more than one. */
  async next(isWanted: (run: Run) => boolean): Promise<Run> {
    for (;;) {
      const run = this.#runs.shift();
      if (run !== undefined && isWanted(run)) return run;
      if (run !== undefined) continue;
      await new Promise<void>((resolve) => {
        this.#told = resolve;
      });
    }
  }

  async stop(): Promise<number> {
    this.#stop.abort();
    return this.ended;
  }

  #take(run: Run): void {
    this.#runs.push(run);
    this.#told?.();
  }
}

function watching(t: ExecutionContext, folder: string, args: readonly string[] = []): Watching {
  const watched = new Watching(folder, args);
  t.teardown(() => watched.stop());
  return watched;
}

const isGood = (run: Run): boolean => run.status === 0;
const isBad = (run: Run): boolean => run.status === 2;
const changes = (run: Run): boolean => isGood(run) && run.changes.length > 0;

test("generates again when the framing changes, survives errors, and ends", async (t) => {
  const folder = userProject(t);
  const file = join(folder, "src/tab.ts");
  const watched = watching(t, folder, ["--framing", "src/tab.ts"]);
  await watched.next(changes);

  writeFileSync(file, tabFraming.replace("tabs?: number;", "tabs?: number;\n  /** More. */\n  more?: string;"));
  t.true((await watched.next(changes)).changes.some(({ path }) => path.endsWith("async-socket-client-with-tab.ts")));

  writeFileSync(file, tabFraming.replace("encode(", "encode((("));
  t.regex((await watched.next(isBad)).problems[0]?.text ?? "", /^src\/tab\.ts:36:\d+: does not parse/);
  writeFileSync(file, tabFraming.replace("  encode(", "  write("));
  await watched.next((run) => isBad(run) && (run.problems[0]?.message ?? "").includes("no method encode"));
  writeFileSync(file, tabFraming);
  await watched.next(changes);

  rmSync(file);
  await watched.next(isBad);
  writeFileSync(join(folder, "src/new.ts"), tabFraming);
  renameSync(join(folder, "src/new.ts"), file);
  await watched.next(isGood);
  t.is(await watched.stop(), 0);
});

test("watches what the options are made of, and folders that are not there yet", async (t) => {
  const base = "export interface Base {\n  /** One. */\n  one?: string;\n}\n";
  const text = tabFraming
    .replace("export interface TabFramingOptions {", "export interface TabFramingOptions extends Base {")
    .replace("\n", '\nimport type { Base } from "./deep/base.js";\n');
  const folder = userProject(t, { "src/tab.ts": text });
  const watched = watching(t, folder, ["--framing", "src/tab.ts", "--framing", "later/x/tub.ts"]);
  await watched.next(isBad);
  mkdirSync(join(folder, "later/x"), { recursive: true });
  writeFiles(folder, { "later/x/tub.ts": tabFraming.replaceAll("Tab", "Tub"), "src/deep/base.ts": base });
  writeFileSync(join(folder, "src/tab.ts"), text);
  await watched.next(changes);
  writeFileSync(join(folder, "src/deep/base.ts"), base.replace("One.", "Another."));
  t.is((await watched.next(changes)).changes.length, 2, "socket and serial client");
});

test("the configuration is watched too", async (t) => {
  const config = (suffix: string): string =>
    `export default { framings: [{ file: "src/tab.ts", suffix: "${suffix}" }] };\n`;
  const folder = userProject(t, { "plib-io.config.ts": config("WithA") });
  const watched = watching(t, folder);
  await watched.next(changes);
  writeFileSync(join(folder, "plib-io.config.ts"), config("WithB"));
  const { changes: changed } = await watched.next(changes);
  t.deepEqual(
    changed.map(({ path }) => path.replace(/^.*-with-/, "with-")),
    ["src/channels/async.ts", "with-a.ts", "with-b.ts", "with-a.ts", "with-b.ts", "src/channels/index.ts"],
  );
  writeFileSync(join(folder, "plib-io.config.ts"), "export default 1;\n");
  await watched.next(isBad);
  t.is(await watched.stop(), 2);
});
