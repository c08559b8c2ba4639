/** Importing a module of the library does nothing but import it. */
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { promisify } from "node:util";
import test from "ava";

const folder = new URL("../../src/", import.meta.url);
/** All modules but those that a thread or process starts with, which nobody imports. */
const files = (await readdir(folder, { recursive: true }))
  .filter((file) => file.endsWith(".js") && !file.endsWith("-main.js"))
  .toSorted();

/** Imports all modules in a process of its own, and prints what is different afterwards. */
const script = `
  const changes = [];
  process.dlopen = () => changes.push("a native addon was loaded");
  const aspects = {
    globals: () => Object.getOwnPropertyNames(globalThis).length,
    listeners: () => process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
    environment: () => Object.keys(process.env).length,
    // What ends with Req are the files that the import itself reads.
    handles: () => process.getActiveResourcesInfo().filter((resource) => !resource.endsWith("Req") && !resource.startsWith("FSReq")),
    stack: () => Error.stackTraceLimit,
  };
  const look = () => Object.entries(aspects).map(([name, see]) => name + ": " + JSON.stringify(see()));
  // Node.js's own modules open the standard streams when they like.
  void [process.stdin, process.stdout, process.stderr];
  const before = look();
  for (const url of process.argv.slice(1)) {
    await import(url);
    changes.push(...look().filter((line, index) => line !== before[index]).map((line) => url + " changed " + line));
  }
  console.log(JSON.stringify(changes));
`;

test("importing any module has no side effect and loads no native addon", async (t) => {
  t.true(files.length > 20);
  const urls = files.map((file) => new URL(file, folder).href);
  const run = promisify(execFile);
  const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "--eval", script, ...urls]);
  t.deepEqual(JSON.parse(stdout), []);
  t.is(stderr, "");
});
