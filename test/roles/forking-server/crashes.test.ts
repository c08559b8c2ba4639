/** Children that die, hang or stand still while they serve. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { leavesNothing } from "../../support/channel-leaks.ts";
import { BlockingSocketServer } from "../../../generated/index.ts";
import { anyAlive, BROKEN, handler, openStage, type Stage } from "./stage.ts";

/** A test that leaves neither descriptors nor processes behind. */
function serving(
  title: string,
  options: Parameters<typeof openStage>[0],
  body: (t: ExecutionContext, stage: Stage) => Promise<void>,
): void {
  test.serial(
    title,
    leavesNothing(async (t) => {
      const stage = await openStage(options);
      try {
        await body(t, stage);
      } finally {
        await stage.server.close();
      }
      t.true(stage.server.closed);
      t.deepEqual(pidsOf(stage.started), pidsOf(stage.ended));
      t.false(anyAlive(stage.started.map(({ pid }) => pid)));
    }),
  );
}

function pidsOf(children: readonly { readonly pid: number }[]): number[] {
  return children.map(({ pid }) => pid).toSorted((one, other) => one - other);
}

/** The child that was started first. */
function onlyChild({ started }: Stage): { readonly pid: number } {
  return started[0] as { readonly pid: number };
}

/** Makes a request whose connection breaks. */
async function isBroken(t: ExecutionContext, stage: Stage, request: string): Promise<void> {
  const { code, outcome } = await stage.failure(request);
  t.true(BROKEN.includes(code), code);
  t.is(outcome, "unknown");
}

function fifo(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), "plib-io-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  execFileSync("mkfifo", [join(folder, "fifo")]);
  return join(folder, "fifo");
}

for (const act of ["die", "exit 3", "exit 0"]) {
  serving(`a child that ends by itself in a request (${act}) breaks that connection alone`, {}, async (t, stage) => {
    const other = stage.client();
    t.is(String(await other.clientCommunicate("hello")), "hello");
    await isBroken(t, stage, act);
    await stage.until(({ ended }) => ended.length === 1);
    t.deepEqual(stage.faults, ["ERR_HANDLER_CRASHED"]);
    t.is(stage.server.stats().crashed, 1);
    t.is(await stage.ask("afterwards"), "afterwards");
    t.is(String(await other.clientCommunicate("still here")), "still here");
    await other.close();
  });
}

serving("the place of a child that was killed is taken by another", {}, async (t, stage) => {
  const client = stage.client();
  const pid = Number(await client.clientCommunicate("pid"));
  await stage.until(({ server }) => server.stats().children.idle === 1);
  const failed = t.throwsAsync(client.clientCommunicate("sleep 60000"));
  await stage.until(({ server }) => server.stats().children.busy === 1);
  process.kill(pid, "SIGKILL");
  await failed;
  await stage.until(({ ended }) => ended.length === 1);
  t.like(stage.ended[0], { pid, signal: "SIGKILL", exitCode: null });
  // There was a spare one: the next connection is served at once, and then there is a spare one again.
  t.not(Number(await stage.ask("pid")), pid);
});

serving("a spare child that was killed is replaced", { minSpareChildren: 1, maxChildren: 1 }, async (t, stage) => {
  const start = performance.now();
  process.kill(onlyChild(stage).pid, "SIGKILL");
  await stage.until(({ ended, server }) => ended.length === 1 && server.stats().children.idle === 1);
  t.log(`after ${(performance.now() - start).toFixed(0)} ms`);
  t.deepEqual([stage.started.length, stage.faults], [2, ["ERR_HANDLER_CRASHED"]]);
});

test.serial(
  "half of an answer is not taken for a whole one, where only the end of the channel could tell",
  leavesNothing(async (t) => {
    // A blocking client hears of the reset from the system itself; the event loop of Node.js 20 may take it for an end.
    const program = fileURLToPath(new URL("./client-program.js", import.meta.url));
    await using server = new BlockingSocketServer({
      host: "127.0.0.1",
      port: 0,
      handler: handler("half"),
      onError: (error) => t.like(error, { code: "ERR_HANDLER_CRASHED" }),
    });
    await server.listen();
    const { stdout } = await promisify(execFile)(process.execPath, [program, String(server.address().port)]);
    t.is(stdout, "ERR_CONNECTION_RESET unknown\n");
  }),
);

serving(
  "a connection that was not begun goes to another child",
  { minSpareChildren: 1, maxChildren: 2 },
  async (t, stage) => {
    const first = onlyChild(stage);
    process.kill(first.pid, "SIGSTOP");
    const answer = stage.ask("pid");
    await stage.until(({ server }) => server.stats().children.busy === 1);
    await stage.until(({ server }) => server.stats().children.idle === 1);
    process.kill(first.pid, "SIGKILL");
    const second = Number(await answer);
    t.not(second, first.pid);
    t.deepEqual(stage.faults, ["ERR_HANDLER_CRASHED"]);
  },
);

serving("a child that stands still loses what it has not begun to another", {}, async (t, stage) => {
  const first = onlyChild(stage);
  process.kill(first.pid, "SIGSTOP");
  t.not(Number(await stage.ask("pid")), first.pid);
  await stage.until(({ ended }) => ended.length === 1);
  t.like(stage.ended[0], { pid: first.pid, signal: "SIGKILL" });
  t.deepEqual(stage.faults, ["ERR_HANDLER_HUNG"]);
});

for (const [how, act] of [
  ["a busy loop", "spin"],
  ["a system call that does not return", "fifo"],
  ["a sleep that is too long", "sleep 600000"],
  ["SIGSTOP", "stop"],
] as const) {
  serving(`a handler that hangs is ended: ${how}`, { hangTimeoutMs: 200 }, async (t, stage) => {
    const request = act === "fifo" ? `fifo ${fifo(t)}` : act;
    await isBroken(t, stage, request);
    await stage.until(({ ended }) => ended.length === 1);
    t.deepEqual(stage.faults, ["ERR_HANDLER_HUNG"]);
    t.is(stage.server.stats().crashed, 0, "it was ended, and has not died");
    t.is(await stage.ask("hello"), "hello");
  });
}

serving("a handler that comes back before its deadline is not ended", { hangTimeoutMs: 5000 }, async (t, stage) => {
  t.is(await stage.ask("sleep 300"), "slept");
  t.deepEqual(stage.faults, []);
});

serving("children are well although the server stands still for a while", {}, async (t, stage) => {
  const client = stage.client();
  t.is(String(await client.clientCommunicate("hello")), "hello");
  // Longer than a child may be silent.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3600);
  t.is(String(await client.clientCommunicate("still here")), "still here");
  t.deepEqual([stage.faults, stage.ended], [[], []]);
  await client.close();
});

serving("a handler that throws fails alone, and its child goes on", {}, async (t, stage) => {
  const pid = await stage.ask("pid");
  await stage.until(({ server }) => server.stats().served === 1);
  t.deepEqual(await stage.failure("throw"), { code: "ERR_CONNECTION_CLOSED", outcome: "unknown" });
  await stage.until(({ faults, server }) => faults.length > 0 && server.stats().served === 2);
  t.deepEqual(stage.faults, ["ERR_HOOK_FAILED"]);
  t.is(await stage.ask("pid"), pid);
});
