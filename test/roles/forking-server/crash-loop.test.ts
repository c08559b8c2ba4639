/** Children that die one after another, and children that cannot be started. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { CrashRecord } from "../../../src/roles/forking-server/children/crash-record.ts";
import { POOL_TIMING } from "../../../src/roles/forking-server/children/pool-timing.ts";
import { ProcessSupervisor } from "../../../src/roles/forking-server/supervisor.ts";
import { TerminatorFraming } from "../../../src/framings/terminator.ts";
import { forkingServerSettings } from "../../../src/roles/forking-server/blocking-forking-server-settings.ts";
import { leavesNothing } from "../../support/channel-leaks.ts";
import { ServingProgram, until } from "./program.ts";
import { childrenOf, handler } from "./stage.ts";

/** A supervisor whose children die as soon as the test wishes. */
function doomed(t: ExecutionContext): {
  supervisor: ProcessSupervisor;
  doom: () => void;
  codes: string[];
  closed: Error[];
} {
  const folder = mkdtempSync(join(tmpdir(), "plib-io-"));
  const file = join(folder, "doom");
  process.env["PLIB_IO_DOOM"] = file;
  t.teardown(() => rmSync(folder, { recursive: true }));
  const codes: string[] = [];
  const closed: Error[] = [];
  const options = { host: "127.0.0.1", port: 0, handler: handler("doomed"), minSpareChildren: 1 };
  const timing = { ...POOL_TIMING, firstBackOffMs: 20, longestBackOffMs: 300 };
  const supervisor = new ProcessSupervisor(
    { ...forkingServerSettings(options, TerminatorFraming), timing },
    {
      childStarted: () => undefined,
      childExited: () => undefined,
      report: (error) => void codes.push((error as Error & { code: string }).code),
      closed: (error) => void closed.push(error as Error),
    },
  );
  return { supervisor, doom: () => writeFileSync(file, ""), codes, closed };
}

test.serial(
  "children that die one after another are started ever later, then no more",
  leavesNothing(async (t) => {
    const { supervisor, doom, codes, closed } = doomed(t);
    await supervisor.listen();
    const [victim] = childrenOf(process.pid);
    doom();
    process.kill(victim as number, "SIGKILL");
    await until(() => closed.length > 0, "the end of the server");
    t.like(closed[0], { code: "ERR_CRASH_LOOP", cause: { code: "ERR_HANDLER_CRASHED" } });
    // Five in a row, then one after each wait of 20, 40, 80 and 160 ms.
    t.is(codes.length, 9);
    t.true(codes.every((code) => code === "ERR_HANDLER_CRASHED"));
    t.is(supervisor.stats().crashed, 9);
  }),
);

test("deaths are forgiven when a connection was served, or when they are long ago", (t) => {
  const record = new CrashRecord({ ...POOL_TIMING, crashes: 3 });
  t.deepEqual([record.add(), record.add()], [0, 0]);
  record.forgive();
  t.deepEqual([record.add(), record.add()], [0, 0]);
  t.is(record.add(), 1000);
  t.is(record.add(), 0, "one that had been started before dies in the wait");
  t.is(record.count, 6);
});

const onLinux = process.platform === "linux" ? test.serial : test.serial.skip;
onLinux("without descriptors for a child, the server says so and goes on when there are some", async (t) => {
  const program = new ServingProgram(t, { how: "listen", descriptors: 256, isFilling: true });
  await program.hears("full");
  t.regex(await program.hears("fault ERR_HANDLER_CRASHED a child could not be started"), /EMFILE/);
  await program.hears("free");
  t.is(await program.ask("hello"), "hello");
  program.kill("SIGTERM");
  await program.ended;
  await program.childrenGone();
});
