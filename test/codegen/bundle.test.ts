import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import test from "ava";
import { build } from "esbuild";

/** The compiled project: the package's `sideEffects` applies to it. */
const dist = fileURLToPath(new URL("../../", import.meta.url));

test("a bundle of one class holds no other mode, device, framing or role", async (t) => {
  const name = "AsyncSocketClientWithTerminator";
  const result = await build({
    stdin: { contents: `export { ${name} } from "./generated/index.js";`, resolveDir: dist },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    absWorkingDir: dist,
  });
  const [output] = Object.values(result.metafile.outputs);
  const used = Object.entries(output?.inputs ?? {}).flatMap(([path, { bytesInOutput }]) =>
    bytesInOutput > 0 ? [path] : [],
  );
  const inFolder = (folder: string): string[] => used.filter((path) => path.startsWith(folder));
  t.deepEqual(inFolder("generated/"), ["generated/async/async-socket-client-with-terminator.js"]);
  t.deepEqual(inFolder("src/framings/"), ["src/framings/terminator.js"]);
  t.deepEqual(
    used.filter((path) => /serial|blocking|server|persistent|listener/.test(path)),
    [],
  );
  t.log(`${gzipSync(result.outputFiles[0]?.contents ?? "").length} bytes, compressed`);
});

test("an unused import leaves nothing behind", async (t) => {
  const result = await build({
    stdin: { contents: 'import { AsyncSocketClient } from "./generated/index.js";', resolveDir: dist },
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
  });
  t.notRegex(result.outputFiles[0]?.text ?? "", /class|require|import/);
});

test("importing everything loads no native addon and leaves no trace", (t) => {
  const program = `
    const before = Object.keys(globalThis).length;
    await import(${JSON.stringify(new URL("../../generated/index.js", import.meta.url).href)});
    const addons = process.report.getReport().sharedObjects.filter((path) => path.endsWith(".node"));
    if (addons.length > 0 || Object.keys(globalThis).length !== before) process.exitCode = 1;
    if (process.getActiveResourcesInfo().some((each) => /Time|Immediate|Worker|Server|Port/.test(each))) process.exitCode = 2;
  `;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
  t.is(status, 0, stderr);
});
