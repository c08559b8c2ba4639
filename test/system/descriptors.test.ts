/** Waiting for descriptors in the system, and descriptors that belong to a thread. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { closeSync, readlinkSync } from "node:fs";
import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { promisify } from "node:util";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import test, { type ExecutionContext } from "ava";
import { duplicate, READABLE, waitFor, waitReadable, waitWritable, WRITABLE } from "../../src/system/descriptors.ts";
import { ownSocketCalls } from "../../src/system/socket-calls.ts";
import { connectSocket } from "../../src/system/socket-connect.ts";
import { type RawServer, rawServer } from "../support/tcp-peers.ts";

/** A connection to a server of this thread: its descriptor, and the other end. */
async function connected(t: ExecutionContext, server: RawServer): Promise<{ fd: number; peer: Socket }> {
  const accepted = once(server.server, "connection");
  const { host, port } = server.address;
  const fd = connectSocket({ family: 4, host, port }, true, performance.now() + 10_000);
  if (fd === "late") throw new Error("not connected in time");
  t.teardown(() => closeSync(fd));
  const [peer] = (await accepted) as [Socket];
  return { fd, peer };
}

const written = (peer: Socket, text: string): Promise<unknown> => new Promise((resolve) => peer.write(text, resolve));

test("a wait ends when there are bytes, at its time if there are none, and never early", async (t) => {
  await using server = await rawServer();
  const { fd, peer } = await connected(t, server);
  t.false(waitReadable(fd, 0));
  t.true(waitWritable(fd, 0));
  for (const ms of [1, 20, 130]) {
    const start = performance.now();
    t.false(waitReadable(fd, ms));
    t.true(performance.now() - start >= ms);
  }
  await written(peer, "hello");
  t.true(waitReadable(fd, Number.POSITIVE_INFINITY));
  t.is(waitFor(fd, READABLE | WRITABLE, 1000), READABLE | WRITABLE);
  t.is(waitFor(fd, WRITABLE, 1000), WRITABLE);
});

test("an end and a reset end a wait", async (t) => {
  await using server = await rawServer();
  const ended = await connected(t, server);
  await new Promise<void>((resolve) => ended.peer.end(resolve));
  t.true(waitReadable(ended.fd, 10_000));
  const broken = await connected(t, server);
  broken.peer.resetAndDestroy();
  await once(broken.peer, "close");
  t.true(waitReadable(broken.fd, 10_000));
});

test("a descriptor that is closed is an error, not a wait", (t) => {
  const fd = duplicate(0);
  closeSync(fd);
  t.throws(() => waitReadable(fd, Number.POSITIVE_INFINITY), { name: "SystemError", code: "EBADF" });
});

test("a duplicate is the same socket, and outlives the other descriptor", async (t) => {
  await using server = await rawServer();
  const { fd, peer } = await connected(t, server);
  const second = duplicate(fd);
  const third = duplicate(second);
  closeSync(second);
  await written(peer, "hello");
  t.true(waitReadable(third, 10_000));
  closeSync(third);
});

test("a duplicate is not inherited by child processes", async (t) => {
  await using server = await rawServer();
  const { fd } = await connected(t, server);
  const second = duplicate(fd);
  t.teardown(() => closeSync(second));
  const target = readlinkSync(`/proc/self/fd/${second}`);
  const { stdout } = await promisify(execFile)("ls", ["-l", "/proc/self/fd"]);
  t.false(stdout.includes(target));
});

test("the time limit of a script ends waits and reads without a limit of their own", async (t) => {
  await using server = await rawServer();
  const { fd } = await connected(t, server);
  const asleep = ownSocketCalls(fd);
  const waits = {
    poll: () => waitReadable(fd, Number.POSITIVE_INFINITY),
    recv: () => asleep.receiveWithin(fd, Number.POSITIVE_INFINITY),
  };
  for (const wait of Object.values(waits)) {
    const start = performance.now();
    t.throws(() => void runInNewContext("wait()", { wait }, { timeout: 50 }), { code: "ERR_SCRIPT_EXECUTION_TIMEOUT" });
    t.log(`ended after ${(performance.now() - start).toFixed(0)} ms`);
    // The thread is as good as before.
    t.false(waitReadable(fd, 1));
  }
});

/** What a thread does with a descriptor; it loads the modules by their addresses. */
const thread = `
  const { parentPort, workerData } = require("node:worker_threads");
  void import(workerData.module).then(({ duplicate, waitReadable }) => {
    const fd = duplicate(workerData.fd);
    parentPort.postMessage(fd);
    waitReadable(fd, Infinity);
  });
`;

test("a thread that waits is ended by terminate(), and its descriptors are closed with it", async (t) => {
  await using server = await rawServer();
  const { fd } = await connected(t, server);
  const module = new URL("../../src/system/descriptors.js", import.meta.url).href;
  const worker = new Worker(thread, { eval: true, workerData: { module, fd } });
  const [theirs] = (await once(worker, "message")) as [number];
  const target = readlinkSync(`/proc/self/fd/${fd}`);
  t.is(readlinkSync(`/proc/self/fd/${theirs}`), target);
  const start = performance.now();
  await worker.terminate();
  t.log(`ended after ${(performance.now() - start).toFixed(0)} ms`);
  let after = "";
  try {
    after = readlinkSync(`/proc/self/fd/${theirs}`);
  } catch {
    // Closed, and nothing else has its number.
  }
  t.not(after, target);
});
