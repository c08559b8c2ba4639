/** Handler modules that cannot be used. */
import test from "ava";
import { BlockingSocketServer, type ChannelError, ServerError } from "../../../generated/index.ts";
import { POOL_TIMING } from "../../../src/roles/forking-server/children/pool-timing.ts";
import { ProcessSupervisor } from "../../../src/roles/forking-server/supervisor.ts";
import { TerminatorFraming } from "../../../src/framings/terminator.ts";
import { forkingServerSettings } from "../../../src/roles/forking-server/blocking-forking-server-settings.ts";
import { leavesNothing } from "../../support/channel-leaks.ts";
import { ServingProgram } from "./program.ts";
import { anyAlive, handler, Stage } from "./stage.ts";

/** Modules, what is said of them, and what of their own is to be found in the cause. */
const modules = [
  ["missing", /cannot be loaded: .*missing\.handler\.js/, /ERR_MODULE_NOT_FOUND|Cannot find module/],
  ["throws", /cannot be loaded: not in this place/, /fromTheHandler .*throws\.handler\.[jt]s:\d+/],
  ["exits", /ended with status 0 before the handler was loaded/, undefined],
  ["fails", /ended with status 7 before the handler was loaded/, undefined],
  ["plain", /plain\.handler\.js is not a class that extends a blocking request handler/, undefined],
  ["nothing", /nothing\.handler\.js is not a class that extends/, undefined],
] as const;

for (const [name, message, stack] of modules) {
  test.serial(
    `listen() fails with a handler module that ${name}`,
    leavesNothing(async (t) => {
      const stage = new Stage({ handler: handler(name) });
      const error = await t.throwsAsync(stage.server.listen(), { code: "ERR_HANDLER_LOAD", message });
      t.true(ServerError.is(error));
      if (stack !== undefined) t.regex(((error as ChannelError).cause as Error).stack ?? "", stack);
      t.true(stage.server.closed);
      t.is(stage.started.length, 1, "none is started again");
      t.is(stage.ended.length, 1);
      t.false(anyAlive(stage.started.map(({ pid }) => pid)));
      t.deepEqual(stage.faults, []);
    }),
  );

  test(`serveForever() fails with a handler module that ${name}`, async (t) => {
    const program = new ServingProgram(t, { handler: name });
    t.deepEqual(await program.ended, [1, null]);
    const failed = await program.hears("failed ERR_HANDLER_LOAD");
    t.regex(failed, message);
    if (stack !== undefined) t.regex(failed, stack);
    await program.childrenGone();
  });
}

test.serial(
  "a handler of another framing is told, with both framings",
  leavesNothing(async (t) => {
    const server = new BlockingSocketServer({
      host: "127.0.0.1",
      port: 0,
      handler: handler("acts"),
      minSpareChildren: 4,
      onError: () => t.fail("what is thrown is not told as well"),
    });
    await t.throwsAsync(server.listen(), {
      code: "ERR_HANDLER_LOAD",
      message: /acts\.handler\.js has TerminatorFraming where the server has BasicFraming: extend/,
    });
    t.true(server.closed);
  }),
);

test.serial(
  "a handler module that does not come to an end is given up on",
  leavesNothing(async (t) => {
    const settings = forkingServerSettings(
      { port: 0, host: "127.0.0.1", handler: handler("waits") },
      TerminatorFraming,
    );
    const exits: number[] = [];
    const ignore = (): void => undefined;
    const supervisor = new ProcessSupervisor(
      { ...settings, timing: { ...POOL_TIMING, startTimeoutMs: 500 } },
      { childStarted: ignore, childExited: ({ pid }) => void exits.push(pid), report: ignore, closed: ignore },
    );
    await t.throwsAsync(supervisor.listen(), { code: "ERR_HANDLER_LOAD", message: /not loaded after 500 ms/ });
    t.is(exits.length, 2);
    t.false(anyAlive(exits));
  }),
);

test.serial(
  "starting can be given up: by a signal, after a time, by closing",
  leavesNothing(async (t) => {
    const stage = new Stage({ handler: handler("waits") });
    const reason = new Error("enough");
    const controller = new AbortController();
    const aborted = t.throwsAsync(stage.server.listen({ signal: controller.signal }), { is: reason });
    await stage.until(({ started }) => started.length > 0);
    controller.abort(reason);
    await aborted;
    await t.throwsAsync(stage.server.listen({ signal: controller.signal }), { is: reason });
    await t.throwsAsync(stage.server.listen({ timeoutMs: 50 }), { code: "ERR_LISTEN_FAILED", message: /50 ms/ });
    for (const hasBegun of [false, true]) {
      const { length } = stage.started;
      const listening = t.throwsAsync(stage.server.listen(), { code: "ERR_CHANNEL_CLOSED" });
      if (hasBegun) await stage.until(({ started }) => started.length > length);
      await stage.server.close();
      await listening;
      t.true(stage.server.closed);
    }
    t.is(stage.ended.length, stage.started.length);
    t.false(anyAlive(stage.started.map(({ pid }) => pid)));
  }),
);
