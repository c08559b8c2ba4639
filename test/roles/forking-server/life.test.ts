/** A forking server from listening to closing, and what its handlers may do. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import {
  AsyncSocketClientWithTerminator,
  AsyncSocketServerWithTerminator,
  BlockingSocketServerWithTerminator,
} from "../../../generated/index.ts";
import { leavesNothing } from "../../support/channel-leaks.ts";
import { rawConnect } from "../../support/tcp-peers.ts";
import { BROKEN, handler, openStage, Stage } from "./stage.ts";

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), "plib-io-"));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

test.serial(
  "listen(), address(), close(), and the hooks on the way; again and again",
  leavesNothing(async (t) => {
    const told: string[] = [];
    const server = new BlockingSocketServerWithTerminator({
      host: "127.0.0.1",
      port: 0,
      handler: handler("acts"),
      minSpareChildren: 1,
      serverStart: (self) => void told.push(`start ${(self.address().port ?? 0) > 0}`),
      serverClose: (self) => void told.push(`close ${self.closed}`),
    });
    for (const call of ["address", "stats"] as const) t.throws(() => server[call](), { code: "ERR_CHANNEL_CLOSED" });
    for (let round = 0; round < 2; round++) {
      await Promise.all([server.listen(), server.listen()]);
      await server.listen();
      t.false(server.closed);
      t.false(server.done);
      t.throws(() => server.serveForever(), { code: "ERR_WOULD_DEADLOCK" });
      const client = new AsyncSocketClientWithTerminator({ host: "127.0.0.1", port: server.address().port ?? 0 });
      t.is(String(await client.clientCommunicate(`round ${round}`)), `round ${round}`);
      await Promise.all([server.close(), server.close()]);
      await server.close();
      t.true(server.closed);
      t.true(server.done);
    }
    t.deepEqual(told, ["start true", "close true", "start true", "close true"]);
  }),
);

test.serial(
  "statistics and hooks tell what children do",
  leavesNothing(async (t) => {
    await using stage = await openStage();
    t.like(stage.server.stats(), { accepted: 0, served: 0, queued: 0, dropped: 0, crashed: 0 });
    t.is(stage.server.stats().children.idle, 1);
    const client = stage.client();
    const pid = Number(await client.clientCommunicate("pid"));
    t.is(stage.server.stats().children.busy, 1);
    t.like(stage.started[0], { pid, served: 0, exitCode: null, signal: null });
    await client.close();
    await stage.until(({ server }) => server.stats().served === 1);
    await stage.server.close({ drainTimeoutMs: 5000 });
    const first = stage.ended.find((child) => child.pid === pid);
    t.deepEqual(first, { pid, served: 1, exitCode: 0, signal: null });
  }),
);

test.serial(
  "an address in use is told, and no child is left",
  leavesNothing(async (t) => {
    await using stage = await openStage();
    const other = new Stage(stage.address);
    await t.throwsAsync(other.server.listen(), { code: "ERR_ADDRESS_IN_USE" });
    t.true(other.server.closed);
    t.deepEqual(other.started, []);
    t.is(await stage.ask("still here"), "still here");
  }),
);

test.serial(
  "a Unix socket",
  leavesNothing(async (t) => {
    const path = join(folder(t), "s");
    await using stage = await openStage({ path });
    t.deepEqual(stage.server.address(), { path });
    t.is(await stage.ask("hello"), "hello");
    // There is no reset on such sockets: the client sees an end, and that it has no answer.
    t.like(await stage.failure("die"), { code: "ERR_CONNECTION_CLOSED" });
    t.is(await stage.ask("still here"), "still here");
    t.deepEqual(JSON.parse(await stage.ask("link")), {});
  }),
);

test.serial(
  "the handler knows both ends of its connection",
  leavesNothing(async (t) => {
    await using stage = await openStage();
    await using raw = await rawConnect(stage.address);
    raw.socket.write("link\r\n");
    const { localPort: remotePort, remotePort: localPort } = raw.socket;
    t.deepEqual(JSON.parse(await raw.until("}\r\n")), {
      remoteAddress: "127.0.0.1",
      remotePort,
      localAddress: "127.0.0.1",
      localPort,
    });
  }),
);

test.serial(
  "close() breaks off what is under way; drainTimeoutMs lets it finish, but not for ever",
  leavesNothing(async (t) => {
    for (const [drainTimeoutMs, due] of [
      [0, BROKEN],
      [20_000, ["slept"]],
      [50, BROKEN],
    ] as readonly [number, readonly string[]][]) {
      const stage = await openStage();
      const answer = stage.ask("sleep 400").catch((error: unknown) => (error as { code: string }).code);
      await stage.until(({ server }) => server.stats().children.busy === 1);
      const closed = stage.server.close({ drainTimeoutMs });
      t.true(stage.server.done);
      t.true(due.includes(await answer), await answer);
      await closed;
      t.true(stage.server.closed);
    }
  }),
);

test.serial(
  "connections that wait are served before a drained server closes",
  leavesNothing(async (t) => {
    const stage = await openStage({ maxChildren: 1 });
    const answers = ["sleep 300", "one", "two"].map((request) => stage.ask(request));
    await stage.until(({ server }) => server.stats().queued === 2);
    await stage.server.close({ drainTimeoutMs: 20_000 });
    t.deepEqual(await Promise.all(answers), ["slept", "one", "two"]);
  }),
);

test.serial(
  "a drain does not wait for idle connections, and close() cuts it short",
  leavesNothing(async (t) => {
    const stage = await openStage();
    const idle = stage.client();
    await idle.clientCommunicate("hello");
    await stage.server.close({ drainTimeoutMs: 600_000 });
    t.true(stage.server.closed);
    await idle.close();
    await stage.server.listen();
    const failed = stage.failure("spin");
    await stage.until(({ server }) => server.stats().children.busy === 1);
    const drained = stage.server.close({ drainTimeoutMs: 600_000 });
    await stage.server.close();
    await drained;
    t.true(BROKEN.includes((await failed).code));
  }),
);

test.serial(
  "finish() closes when what is under way is complete, also from a hook",
  leavesNothing(async (t) => {
    let closed: () => void = () => undefined;
    const whenClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const stage = await openStage({ serverClose: () => closed() });
    const answer = stage.ask("sleep 200");
    await stage.until(({ server }) => server.stats().children.busy === 1);
    stage.server.finish();
    t.is(await answer, "slept");
    await whenClosed;
    t.true(stage.server.closed);
  }),
);

test.serial(
  "a handler finishes its own connection",
  leavesNothing(async (t) => {
    await using stage = await openStage();
    await using raw = await rawConnect(stage.address);
    raw.socket.write("finish\r\nnot read\r\n");
    t.is(await raw.ended, "last\r\n");
    raw.socket.end();
  }),
);

test.serial(
  "a handler hears of its own faults; the server only of others",
  leavesNothing(async (t) => {
    const file = join(folder(t), "heard");
    await using stage = await openStage({ handler: handler("hearing"), idleTimeoutMs: 200 });
    t.like(await stage.failure(`${file} throw`), { code: "ERR_CONNECTION_CLOSED" });
    await stage.until(({ server }) => server.stats().served === 1);
    t.is(readFileSync(file, "utf8"), "error ERR_HOOK_FAILED\nclosed\n");
    await using raw = await rawConnect(stage.address);
    raw.socket.write(`${file}\r\n`);
    t.is(await raw.ended, "ok\r\n");
    raw.socket.end();
    await stage.until(({ server }) => server.stats().served === 2);
    t.is(readFileSync(file, "utf8"), "error ERR_HOOK_FAILED\nclosed\nerror ERR_IDLE_TIMEOUT\nclosed\n");
    t.deepEqual(stage.faults, []);
  }),
);

test.serial(
  "a handler may make blocking calls: to another server, to files, to programs",
  leavesNothing(async (t) => {
    const other = new AsyncSocketServerWithTerminator({
      host: "127.0.0.1",
      port: 0,
      processData: (data, channel) => channel.start(`answer to ${data.toString()}`),
    });
    await other.listen();
    const file = join(folder(t), "file");
    await using stage = await openStage();
    const client = stage.client();
    t.is(String(await client.clientCommunicate(`ask ${other.address().port} question`)), "answer to question");
    t.is(String(await client.clientCommunicate(`ask ${other.address().port} again`)), "answer to again");
    t.is(String(await client.clientCommunicate(`file ${file} content`)), "content");
    t.is(String(await client.clientCommunicate("run result")), "result");
    await client.close();
    t.deepEqual(stage.faults, []);
    await other.close();
  }),
);

test.serial(
  "hooks of the server that throw stop nothing",
  leavesNothing(async (t) => {
    const faults: string[] = [];
    const fail = (): never => {
      throw new Error("from a hook");
    };
    await using server = new BlockingSocketServerWithTerminator({
      host: "127.0.0.1",
      port: 0,
      handler: handler("acts"),
      minSpareChildren: 1,
      serverStart: fail,
      onChildStart: fail,
      onChildExit: fail,
      serverClose: fail,
      onError: (error) => void faults.push(error.message),
    });
    await server.listen();
    await server.close();
    t.true(server.closed);
    t.deepEqual(new Set(faults), new Set(["a hook failed: from a hook"]));
    t.is(faults.length, 4);
  }),
);

test("a program that is given on the command line can serve", async (t) => {
  const program = `
    import { AsyncSocketClientWithTerminator, BlockingSocketServerWithTerminator } from "${new URL("../../../generated/index.js", import.meta.url).href}";
    const handler = "${handler("acts").href}";
    const server = new BlockingSocketServerWithTerminator({ host: "127.0.0.1", port: 0, handler });
    await server.listen();
    const client = new AsyncSocketClientWithTerminator({ host: "127.0.0.1", port: server.address().port });
    console.log(String(await client.clientCommunicate("hello")));
    await server.close();`;
  for (const options of [
    ["--input-type=module", "-e"],
    ["--no-warnings", "--input-type", "module", "--eval"],
  ]) {
    const { stdout } = await promisify(execFile)(process.execPath, [...options, program], { timeout: 20_000 });
    t.is(stdout, "hello\n");
  }
});

test.serial("on Windows, where a child could not wait on a socket, listening fails at once", async (t) => {
  const platform = Object.getOwnPropertyDescriptor(process, "platform") as PropertyDescriptor;
  const stage = new Stage();
  Object.defineProperty(process, "platform", { ...platform, value: "win32" });
  t.teardown(() => Object.defineProperty(process, "platform", platform));
  const expected = { code: "ERR_LISTEN_FAILED", message: /Windows has no descriptors/ };
  await t.throwsAsync(stage.server.listen(), expected);
  t.throws(() => stage.server.serveForever(), expected);
  t.deepEqual(stage.started, []);
  t.true(stage.server.closed);
});
