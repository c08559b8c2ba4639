/** The names of Unix sockets: whose they are, who may remove them, how long they may be. */
import { fork } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import test, { type ExecutionContext } from "ava";
import { AsyncSocketClientWithTerminator, AsyncSocketServerWithTerminator } from "../../../generated/index.ts";
import type { ServerError } from "../../../src/errors.ts";

function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), "plib-io-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function echoServer(path: string, name = "echo"): AsyncSocketServerWithTerminator {
  return new AsyncSocketServerWithTerminator({ path, processData: (_, channel) => channel.start(name) });
}

async function ask(path: string): Promise<string> {
  return String(await new AsyncSocketClientWithTerminator({ path }).clientCommunicate("who"));
}

/** Leaves a socket file behind that nobody listens on. */
async function leaveStale(path: string): Promise<void> {
  const dying = fork(new URL("../../faults/dying-server.js", import.meta.url), [path], { execArgv: [] });
  await once(dying, "message");
  dying.kill("SIGKILL");
  await once(dying, "exit");
}

async function rawListen(path: string): Promise<Server> {
  const server = createServer((socket) => socket.on("error", () => undefined).end("raw\r\n")).listen({ path });
  await once(server, "listening");
  return server;
}

test("of many servers that find one stale socket file, one listens and the others get ERR_ADDRESS_IN_USE", async (t) => {
  const path = join(folderOf(t), "s");
  for (let round = 0; round < 5; round++) {
    await leaveStale(path);
    const servers = Array.from({ length: 8 }, (_, index) => echoServer(path, `server ${index}`));
    const results = await Promise.allSettled(servers.map((server) => server.listen()));
    const winners = servers.filter((_, index) => results[index]?.status === "fulfilled");
    t.is(winners.length, 1);
    for (const result of results) {
      if (result.status === "rejected") t.is((result.reason as ServerError).code, "ERR_ADDRESS_IN_USE");
    }
    t.is(await ask(path), `server ${servers.indexOf(winners[0] as AsyncSocketServerWithTerminator)}`);
    await Promise.all(servers.map((server) => server.close()));
    t.false(existsSync(path));
  }
});

test("of many processes that find one stale socket file, one listens, and nobody removes its file", async (t) => {
  const path = join(folderOf(t), "s");
  for (let round = 0; round < 3; round++) {
    await leaveStale(path);
    const rivals = Array.from({ length: 4 }, () =>
      fork(new URL("./unix-name-rival.js", import.meta.url), [path], { execArgv: [] }),
    );
    const told = await Promise.all(rivals.map((rival) => once(rival, "message")));
    t.deepEqual(told.map(([result]) => String(result)).toSorted(), [
      "ERR_ADDRESS_IN_USE",
      "ERR_ADDRESS_IN_USE",
      "ERR_ADDRESS_IN_USE",
      "listening",
    ]);
    t.is(await ask(path), "rival");
    for (const rival of rivals) rival.disconnect();
    await Promise.all(rivals.map((rival) => once(rival, "exit")));
    t.false(existsSync(path));
  }
});

test("closing a server leaves the file of another that has taken its path over", async (t) => {
  const path = join(folderOf(t), "s");
  const old = echoServer(path, "old");
  await old.listen();
  unlinkSync(path);
  const young = echoServer(path, "young");
  await young.listen();
  await old.close();
  t.true(existsSync(path));
  t.is(await ask(path), "young");
  await young.close();
  t.false(existsSync(path));
});

test("the file of a server that is no server of this package is not removed either", async (t) => {
  const path = join(folderOf(t), "s");
  const foreign = await rawListen(path);
  await t.throwsAsync(echoServer(path).listen(), { code: "ERR_ADDRESS_IN_USE" });
  t.is(await ask(path), "raw");
  const old = echoServer(join(path, "..", "other"), "old");
  await old.listen();
  renameSync(path, join(path, "..", "other"));
  await old.close();
  t.is(await ask(join(path, "..", "other")), "raw");
  foreign.close();
});

test("a server removes its file wherever the process is by then, and whatever else became of it", async (t) => {
  const folder = folderOf(t);
  mkdirSync(join(folder, "elsewhere"));
  const path = relative(process.cwd(), join(folder, "s"));
  const server = echoServer(path);
  await server.listen();
  t.is(server.address().path, path);
  linkSync(join(folder, "s"), join(folder, "second"));
  await server.close();
  t.deepEqual(readdirSync(folder).toSorted(), ["elsewhere", "second"]);
  await server.listen();
  rmSync(join(folder, "s"));
  await server.close();
  t.true(server.closed);
});

test("nothing but the socket file is in the folder of a server that listens", async (t) => {
  const folder = folderOf(t);
  const server = echoServer(join(folder, "s"));
  await server.listen();
  t.deepEqual(readdirSync(folder), ["s"]);
  t.true(lstatSync(join(folder, "s")).isSocket());
  await server.close();
  t.deepEqual(readdirSync(folder), []);
});

const onLinux = process.platform === "linux" ? test : test.skip;

onLinux("the same abstract name twice is ERR_ADDRESS_IN_USE", async (t) => {
  const path = `\0plib-io-test-${process.pid}`;
  const server = echoServer(path);
  await server.listen();
  await t.throwsAsync(echoServer(path).listen(), { code: "ERR_ADDRESS_IN_USE" });
  t.is(await ask(path), "echo");
  await server.close();
});

onLinux("a path as long as the system allows is used as it is", async (t) => {
  const folder = folderOf(t);
  const deep = join(folder, "d".repeat(107 - folder.length - 3));
  mkdirSync(deep);
  const path = join(deep, "s");
  t.is(Buffer.byteLength(path), 107);
  const server = echoServer(path);
  await server.listen();
  t.deepEqual(readdirSync(deep), ["s"]);
  t.is(await ask(path), "echo");
  await server.close();
  t.deepEqual(readdirSync(deep), []);
});
