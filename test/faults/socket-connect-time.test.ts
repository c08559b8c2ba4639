/** How the time for opening a channel is shared out, and what is tried again in it. */
import { fork } from "node:child_process";
import dns from "node:dns";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type NetConnectOpts, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { BlockingSocketClientWithTerminator } from "../../generated/index.ts";
import type { OpenError } from "../../src/errors.ts";
import { familyWith } from "../support/channel-cells.ts";

const { Client, Persistent } = familyWith("Socket", "WithTerminator");

/** Longer than any test may take. */
const FOR_EVER_MS = 60_000;

/** A server that accepts nothing for some time, with its queue of connections full. */
async function lateServer(t: ExecutionContext, blockedMs: number, path?: string): Promise<number> {
  const args = path === undefined ? [String(blockedMs)] : [String(blockedMs), path];
  const child = fork(new URL("./late-server.js", import.meta.url), args, { execArgv: [] });
  t.teardown(() => child.kill("SIGKILL"));
  const [port] = (await once(child, "message")) as [number];
  const target: NetConnectOpts = path === undefined ? { host: "127.0.0.1", port } : { path };
  const fillers: Socket[] = [];
  t.teardown(() => {
    for (const filler of fillers) filler.destroy();
  });
  // Two fill the queue; then nobody gets through.
  for (let count = 0; count < 2; count++) {
    fillers.push(connect(target).on("error", () => undefined));
    await once(fillers[count] as Socket, "connect");
  }
  return port;
}

/** Has every name lead to these addresses. */
function resolveTo(t: ExecutionContext, ...addresses: readonly string[]): void {
  const original = dns.lookup;
  const all = addresses.map((address) => ({ address, family: 4 }));
  dns.lookup = ((_: string, __: unknown, found: (...result: unknown[]) => void) =>
    process.nextTick(found, null, all)) as unknown as typeof dns.lookup;
  t.teardown(() => {
    dns.lookup = original;
  });
}

test.serial("of several addresses, one that takes its time is waited for", async (t) => {
  const port = await lateServer(t, 600);
  resolveTo(t, "127.0.0.1", "127.0.0.2");
  const client = new Client({ host: "slow.invalid", port });
  t.is(String(await client.clientCommunicate("hello")), "hello");
});

test.serial("also where nothing limits the time but the call", async (t) => {
  const port = await lateServer(t, 600);
  resolveTo(t, "127.0.0.1", "127.0.0.2");
  const client = new Client({ host: "slow.invalid", port, connectTimeoutMs: 0 });
  t.is(String(await client.clientCommunicate("hello")), "hello");
});

test.serial("one that never answers leaves the others their share", async (t) => {
  const port = await lateServer(t, FOR_EVER_MS);
  const twin = createServer((socket) => void socket.pipe(socket));
  twin.listen(port, "127.0.0.2");
  await once(twin, "listening");
  resolveTo(t, "127.0.0.1", "127.0.0.2");
  const limits: object[] = [{ connectTimeoutMs: 800 }, { connectTimeoutMs: 0, timeoutMs: 800 }];
  for (const limit of limits) {
    const client = new Client({ host: "deaf.invalid", port, ...limit });
    t.is(String(await client.clientCommunicate("hello")), "hello");
  }
  const persistent = new Persistent({ host: "deaf.invalid", port, connectTimeoutMs: 800 });
  await persistent.connect();
  await persistent.close();
  twin.close();
});

const onUnix = process.platform === "win32" ? test.skip : test.serial;

onUnix("a Unix socket whose queue of connections is full is tried again, in both modes", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "plib-io-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const [name, Class] of Object.entries({ Client, BlockingSocketClientWithTerminator })) {
    const path = join(folder, name);
    await lateServer(t, 400, path);
    t.is(String(await new Class({ path }).clientCommunicate("hello")), "hello", name);
  }
});

onUnix("it is tried until the deadline, a signal, or close()", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "plib-io-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "s");
  await lateServer(t, FOR_EVER_MS, path);
  const late = await t.throwsAsync(new Client({ path, connectTimeoutMs: 50 }).clientCommunicate("x"), {
    code: "ERR_CONNECT_TIMEOUT",
  });
  t.is((late as OpenError).outcome, "not-sent");
  t.regex(late.message, new RegExp(path));
  const reason = new Error("no patience");
  const controller = new AbortController();
  const client = new Client({ path });
  const calling = client.clientCommunicate("x", { signal: controller.signal });
  setImmediate(() => controller.abort(reason));
  await t.throwsAsync(calling, { is: reason });
  const closing = client.clientCommunicate("x");
  setImmediate(() => void client.close());
  await t.throwsAsync(closing, { code: "ERR_CHANNEL_CLOSED" });
});
