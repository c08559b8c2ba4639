/** Deadlines on serial lines: they fire whatever other programs do to the process and to the line. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { rawLine } from "../support/channel-raw-line.ts";
import { peer } from "../support/peers.ts";
import { openVirtualLine } from "../support/virtual-line.ts";
import { Apart, play } from "./apart.ts";
import type { Failure, Made } from "./subject.ts";

/** A deadline that never fires would take as long as the test; one that is late on a busy machine does not. */
const MOST_MS = 10_000;

const serial = (path: string): Made => ({ device: "Serial", framing: "WithTerminator", options: { path } });

function firedEachTime(t: ExecutionContext, failures: readonly Failure[], timeoutMs: number): void {
  t.deepEqual([...new Set(failures.map(({ code }) => code))], ["ERR_REPLY_TIMEOUT"]);
  const times = failures.map(({ ms }) => ms).toSorted((a, b) => a - b);
  t.log(`${times[0]?.toFixed(1)} to ${times.at(-1)?.toFixed(1)} ms`);
  t.true((times[0] ?? 0) >= timeoutMs && (times.at(-1) ?? MOST_MS) < MOST_MS);
}

test.serial("each of many deadlines fires, never early; waiting costs the processor next to nothing", async (t) => {
  const line = await openVirtualLine();
  const input = { made: serial(line.a), timeoutMs: 200, times: 25 };
  const { failures, processorShare } = await play("waitInVain", input);
  firedEachTime(t, failures, 200);
  t.log(`${(100 * processorShare).toFixed(2)} % of a core, opening included`);
  t.true(processorShare < 0.05, `${processorShare}`);
  await line.close();
});

test.serial("signals with a listener, twenty times a second, do not put a deadline off", async (t) => {
  const line = await openVirtualLine();
  await using apart = new Apart("waitInVain", { made: serial(line.a), timeoutMs: 1000, times: 1 });
  await apart.says("waiting");
  const storm = setInterval(() => apart.child.kill("SIGUSR2"), 50);
  const { failures } = await apart.result.finally(() => clearInterval(storm));
  firedEachTime(t, failures, 1000);
  await line.close();
});

test.serial("a profiler does not put a deadline off", async (t) => {
  const line = await openVirtualLine();
  const folder = await mkdtemp(join(tmpdir(), "plib-io-profile-"));
  const options = ["--cpu-prof", `--cpu-prof-dir=${folder}`];
  {
    await using apart = new Apart("waitInVain", { made: serial(line.a), timeoutMs: 500, times: 2 }, "system", options);
    firedEachTime(t, (await apart.result).failures, 500);
    await apart.ended;
  }
  await rm(folder, { recursive: true });
  await line.close();
});

for (const [what, settings] of [
  ["reads wait for 255 bytes", ["min", "255", "time", "0"]],
  ["reads wait for 25 s", ["min", "0", "time", "250"]],
  ["reads do not wait", ["min", "0", "time", "0"]],
  ["lines are edited and echoed", ["sane"]],
] as const) {
  peer("stty")(`another program sets the line so that ${what}: deadlines fire, messages arrive`, async (t) => {
    const line = await openVirtualLine();
    const disturb = async (): Promise<unknown> =>
      await promisify(execFile)("stty", [process.platform === "linux" ? "-F" : "-f", line.a, ...settings]);
    {
      await using apart = new Apart("waitInVain", { made: serial(line.a), timeoutMs: 700, times: 1 });
      await apart.says("waiting");
      await disturb();
      firedEachTime(t, (await apart.result).failures, 700);
    }
    // A terminal that edits lines makes an LF of the CR: no message can arrive then.
    if (settings[0] !== "sane") {
      await using apart = new Apart("waitForOne", { made: serial(line.a), timeoutMs: MOST_MS });
      await apart.says("waiting");
      await disturb();
      await using raw = rawLine(line.b);
      raw.socket.write("hello\r\n");
      t.is((await apart.result).heard, "hello");
    }
    await line.close();
  });
}
