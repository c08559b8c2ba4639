/** `npm run test:one -- FILE… [--match TITLE]`: runs single test files, named as they are in the repository. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const ava = fileURLToPath(new URL("../../node_modules/ava/entrypoints/cli.mjs", import.meta.url));
const args = process.argv.slice(2).map((each) => each.replace(/^(?:\.\/)?(test\/.*)\.ts$/, "dist/$1.js"));
if (!args.some((each) => each.startsWith("dist/"))) {
  console.error("usage: npm run test:one -- test/core/bytes/byte-queue.test.ts [--match 'a title*']");
  process.exit(2);
}
process.exitCode = spawnSync(process.execPath, [ava, ...args], { stdio: "inherit" }).status ?? 1;
