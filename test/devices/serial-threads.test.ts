/** A port belongs to the thread that opened it, and is free when that has ended, however it did. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";
import { openVirtualLine } from "../support/virtual-line.ts";
import type { ThreadsReport } from "./serial-threads-program.ts";

const program = fileURLToPath(new URL("./serial-threads-program.js", import.meta.url));

test("threads that return, throw, exit or are terminated at any moment leave no lock, descriptor or handle", async (t) => {
  const line = await openVirtualLine();
  const { stdout } = await promisify(execFile)(process.execPath, [program, line.a, "2"]);
  t.deepEqual(JSON.parse(stdout) as ThreadsReport, { refused: [], portsOpen: 0, handles: [] });
  await line.close();
});
