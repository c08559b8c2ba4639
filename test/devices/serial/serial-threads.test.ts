/** A port belongs to the thread that opened it, and is free when that has ended, however it did. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { unlessBinding } from "../../support/serial-implementation.ts";
import { openVirtualLine } from "../../support/virtual-line.ts";
import type { ThreadsReport } from "./serial-threads-program.ts";

const program = fileURLToPath(new URL("./serial-threads-program.js", import.meta.url));

unlessBinding("it must not be used in threads")(
  "threads that return, throw, exit or are terminated at any moment leave no lock, descriptor or handle",
  async (t) => {
    const line = await openVirtualLine();
    t.teardown(() => line.close());
    const { stdout } = await promisify(execFile)(process.execPath, [program, line.a, "2"]);
    t.deepEqual(JSON.parse(stdout) as ThreadsReport, { refused: [], portsOpen: 0, handles: [] });
  },
);
