/** Faults while a socket is opened, by a client, a persistent channel or a server. */
import { fork } from "node:child_process";
import dns from "node:dns";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { connectError, listenError } from "../../src/devices/socket/socket.ts";
import { ChannelError, OpenError, ServerError } from "../../src/errors.ts";
import type { Extra } from "../support/channel-cells.ts";
import { leavesNothing } from "../support/channel-leaks.ts";
import { echo } from "../support/channel-stage.ts";
import { forEach, onSockets, onTcp, type Subject } from "../support/channel-subjects.ts";

/** Expects a client and a persistent channel to fail to open with this code; and a client to say that nothing was sent. */
async function failsToOpen(t: ExecutionContext, { family }: Subject, options: Extra, code: string): Promise<OpenError> {
  const client = new family.Client(options);
  const error = await t.throwsAsync(client.clientCommunicate("hello"), { code });
  t.true(OpenError.is(error));
  t.is((error as OpenError).outcome, "not-sent");
  t.true(client.closed);
  t.true(client.done);
  await t.throwsAsync(client.connect(), { code });
  const persistent = new family.Persistent(options);
  await t.throwsAsync(persistent.connect(), { code });
  t.true(persistent.closed);
  return error as OpenError;
}

/** An address of this machine that nobody listens on. */
async function deadAddress(): Promise<{ host: string; port: number }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return { host: "127.0.0.1", port };
}

/** Replaces name resolution while a test runs. */
async function withLookup(
  lookup: (callback: (...result: unknown[]) => void) => void,
  body: () => Promise<void>,
): Promise<void> {
  const original = dns.lookup;
  dns.lookup = ((_: string, __: unknown, callback: () => void) => lookup(callback)) as typeof dns.lookup;
  try {
    await body();
  } finally {
    dns.lookup = original;
  }
}

forEach(onTcp, "nobody listens: ERR_CONNECT_REFUSED", async (t, subject) => {
  const address = await deadAddress();
  const error = await failsToOpen(t, subject, address, "ERR_CONNECT_REFUSED");
  t.regex(error.message, new RegExp(`127\\.0\\.0\\.1:${address.port}`));
  t.is((error.cause as { code?: string }).code, "ECONNREFUSED");
});

forEach(onTcp, "no such Unix socket: ERR_CONNECT_REFUSED", async (t, subject) => {
  const error = await failsToOpen(
    t,
    subject,
    { path: join(tmpdir(), "plib-io-no-such-socket") },
    "ERR_CONNECT_REFUSED",
  );
  t.regex(error.message, /plib-io-no-such-socket/);
});

// TCP to a multicast address is refused by the system itself: nothing leaves the machine.
forEach(onTcp, "no way there: ERR_CONNECT_UNREACHABLE", async (t, subject) => {
  await failsToOpen(t, subject, { host: "224.0.0.1", port: 9 }, "ERR_CONNECT_UNREACHABLE");
});

forEach(onTcp, "no such name: ERR_DNS", async (t, subject) => {
  const notFound = Object.assign(new Error("getaddrinfo ENOTFOUND nowhere.invalid"), { code: "ENOTFOUND" });
  await withLookup(
    (callback) => process.nextTick(callback, notFound),
    async () => {
      const error = await failsToOpen(t, subject, { host: "nowhere.invalid", port: 9 }, "ERR_DNS");
      t.regex(error.message, /nowhere\.invalid:9/);
    },
  );
});

forEach(onTcp, "the deadline for opening bounds name resolution: ERR_CONNECT_TIMEOUT", async (t, subject) => {
  await withLookup(
    () => undefined,
    async () => {
      const options = { host: "slow.invalid", port: 9, connectTimeoutMs: 20 };
      const error = await failsToOpen(t, subject, options, "ERR_CONNECT_TIMEOUT");
      t.regex(error.message, /20 ms/);
    },
  );
});

forEach(onTcp, "several addresses, none of which works: one error, and all causes", async (t, subject) => {
  const { port } = await deadAddress();
  const addresses = ["127.0.0.1", "127.0.0.2", "127.0.0.3"].map((address) => ({ address, family: 4 }));
  await withLookup(
    (callback) => process.nextTick(callback, null, addresses),
    async () => {
      const error = await failsToOpen(t, subject, { host: "many.invalid", port }, "ERR_CONNECT_REFUSED");
      t.deepEqual(
        error.errors.map((cause) => (cause as { address?: string }).address),
        ["127.0.0.1", "127.0.0.2", "127.0.0.3"],
      );
    },
  );
});

forEach(
  onTcp,
  "a connect that never comes through ends at its deadline, by a signal, and by close()",
  async (t, { family }) => {
    const deaf = fork(new URL("./deaf-server.js", import.meta.url), { execArgv: [] });
    t.teardown(() => deaf.kill("SIGKILL"));
    const [port] = (await once(deaf, "message")) as [number];
    const address = { host: "127.0.0.1", port };
    // Two fill the backlog; then nobody gets through.
    const fillers = [connect(address), connect(address)];
    await Promise.all(fillers.map((socket) => once(socket, "connect")));
    const client = new family.Client({ ...address, connectTimeoutMs: 30 });
    await t.throwsAsync(client.clientCommunicate("x"), { code: "ERR_CONNECT_TIMEOUT", message: /30 ms/ });
    await t.throwsAsync(client.clientCommunicate("x", { timeoutMs: 10 }), {
      code: "ERR_CONNECT_TIMEOUT",
      message: /10 ms/,
    });
    const reason = new Error("no patience");
    await t.throwsAsync(client.clientCommunicate("x", { signal: AbortSignal.timeout(10) }), { any: true });
    const controller = new AbortController();
    const persistent = new family.Persistent(address);
    const connecting = persistent.connect({ signal: controller.signal });
    setImmediate(() => controller.abort(reason));
    await t.throwsAsync(connecting, { is: reason });
    await t.throwsAsync(persistent.connect({ timeoutMs: 10 }), { code: "ERR_CONNECT_TIMEOUT" });
    const pending = Promise.allSettled([client.clientCommunicate("one"), client.clientCommunicate("two")]);
    setImmediate(() => void client.close());
    for (const result of await pending) {
      const { code, outcome } = (result as PromiseRejectedResult).reason as ChannelError;
      t.deepEqual([code, outcome], ["ERR_CHANNEL_CLOSED", "not-sent"]);
    }
    t.true(client.closed);
    for (const socket of fillers) socket.destroy();
    deaf.kill("SIGKILL");
    await once(deaf, "exit");
  },
);

forEach(
  onTcp,
  "an address in use or not of this machine is told by listen(), and the server can listen later",
  async (t, { family }) => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    const { port } = blocker.address() as { port: number };
    const server = new family.Server({ host: "127.0.0.1", port, processData: echo });
    for (const attempt of [server.listen(), server.serveForever()]) {
      const error = await t.throwsAsync(attempt, {
        code: "ERR_ADDRESS_IN_USE",
        message: new RegExp(`127\\.0\\.0\\.1:${port}`),
      });
      t.true(ServerError.is(error));
    }
    blocker.close();
    await once(blocker, "close");
    await server.listen();
    await server.close();
    const elsewhere = new family.Server({ host: "192.0.2.1", port: 0 });
    await t.throwsAsync(elsewhere.listen(), { code: "ERR_ADDRESS_UNAVAILABLE" });
  },
);

forEach(onTcp, "a socket file is removed only if nobody answers there", async (t, { family }) => {
  const folder = mkdtempSync(join(tmpdir(), "plib-io-"));
  const path = join(folder, "s");
  const server = new family.Server({ path, processData: echo });
  // A server that died: its socket file is there, and a connect is refused.
  const dying = fork(new URL("./dying-server.js", import.meta.url), [path], { execArgv: [] });
  await once(dying, "message");
  dying.kill("SIGKILL");
  await once(dying, "exit");
  t.true(existsSync(path));
  await server.listen();
  t.is(String(await new family.Client({ path }).clientCommunicate("alive")), "alive");
  const rival = new family.Server({ path });
  await t.throwsAsync(rival.listen(), { code: "ERR_ADDRESS_IN_USE" });
  t.is(String(await new family.Client({ path }).clientCommunicate("still alive")), "still alive");
  await server.close();
  t.false(existsSync(path), "the server takes its file away");
  writeFileSync(path, "no socket");
  await t.throwsAsync(server.listen(), { code: "ERR_ADDRESS_IN_USE" });
  t.true(existsSync(path), "what is no socket is not touched");
  rmSync(folder, { recursive: true });
});

forEach(onTcp, "a folder that is not there is told by listen()", async (t, { family }) => {
  const server = new family.Server({ path: join(tmpdir(), "plib-io-no-such-folder", "s") });
  await t.throwsAsync(server.listen(), { code: "ERR_ADDRESS_UNAVAILABLE" });
});

forEach(onSockets, "closing a server while it begins to listen", async (t, { family, place }) => {
  const spot = await place.open();
  const server = new family.Server(spot.server);
  const listening = server.listen();
  const closing = server.close();
  await listening;
  await closing;
  t.true(server.closed);
  await spot.close();
});

test(
  "what the system says when it does not open, and what that is called",
  leavesNothing(async (t) => {
    const codes: Record<string, string> = {
      ECONNREFUSED: "ERR_CONNECT_REFUSED",
      ENOENT: "ERR_CONNECT_REFUSED",
      EHOSTUNREACH: "ERR_CONNECT_UNREACHABLE",
      ENETUNREACH: "ERR_CONNECT_UNREACHABLE",
      EHOSTDOWN: "ERR_CONNECT_UNREACHABLE",
      EADDRNOTAVAIL: "ERR_CONNECT_UNREACHABLE",
      ENOTFOUND: "ERR_DNS",
      EAI_AGAIN: "ERR_DNS",
      ETIMEDOUT: "ERR_CONNECT_TIMEOUT",
      EMFILE: "ERR_CONNECT_FAILED",
    };
    for (const [code, own] of Object.entries(codes)) {
      const cause = Object.assign(new Error(`connect ${code}`), { code });
      const error = connectError(cause, { host: "h", port: 1 });
      t.is(error.code, own as typeof error.code);
      t.is(error.cause, cause);
      t.regex(error.message, /h:1 \(connect E/);
    }
    const listen = Object.assign(new Error("listen EMFILE"), { code: "EMFILE" });
    t.is(listenError(listen, { port: 1 }).code, "ERR_LISTEN_FAILED");
    t.is(listenError(Object.assign(listen, { code: "EACCES" }), { port: 1 }).code, "ERR_ADDRESS_UNAVAILABLE");
    await Promise.resolve();
  }),
);
