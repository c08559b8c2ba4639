/** Sockets by the system's own calls: connecting, reading, writing, closing. */
import { once } from "node:events";
import { closeSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import test from "ava";
import { waitReadable } from "../../src/system/descriptors.ts";
import { type SystemAddress, socketEnd } from "../../src/system/socket-address.ts";
import { canConnectSockets, connectSocket } from "../../src/system/socket-connect.ts";
import { halfClose, receive, reset, sendSome } from "../../src/system/sockets.ts";
import { rawServer } from "../support/tcp-peers.ts";

const inTime = (): number => performance.now() + 10_000;

/** Connects, which has to succeed. */
function open(address: SystemAddress): number {
  const fd = connectSocket(address, true, inTime());
  if (fd === "late") throw new Error("not connected in time");
  return fd;
}

/** Listens at a path of its own, with what is to be removed afterwards. */
async function atPath(backlog: number): Promise<{ path: string; connections: Socket[] } & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), "plib-io-"));
  const path = join(folder, "socket");
  const connections: Socket[] = [];
  const server = createServer((socket) => void connections.push(socket)).listen({ path, backlog });
  await once(server, "listening");
  return {
    path,
    connections,
    async [Symbol.asyncDispose]() {
      for (const socket of connections) socket.destroy();
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

test("bytes go both ways, nothing yet is no error, and the end is an empty read", async (t) => {
  await using server = await rawServer((peer) =>
    peer.on("data", (bytes) => peer.write(bytes)).on("end", () => peer.end()),
  );
  const { host, port } = server.address;
  const fd = open({ family: 4, host, port });
  t.teardown(() => closeSync(fd));
  t.is(receive(fd), undefined);
  t.is(sendSome(fd, Buffer.from("hello")), 5);
  const [peer] = (await once(server.server, "connection")) as [Socket];
  await once(peer, "data");
  t.true(waitReadable(fd, 10_000));
  t.is(receive(fd)?.toString(), "hello");
  halfClose(fd);
  await once(peer, "finish");
  t.true(waitReadable(fd, 10_000));
  t.is(receive(fd)?.length, 0);
});

test("what is received stays as it is, whatever comes later", async (t) => {
  const portions = Array.from({ length: 300 }, (_, index) => Buffer.alloc(1 + ((index * 37) % 1500), index));
  await using server = await rawServer((peer) => {
    for (const portion of portions) peer.write(portion);
    peer.end();
  });
  const { host, port } = server.address;
  const fd = open({ family: 4, host, port });
  t.teardown(() => closeSync(fd));
  await once(server.server, "connection");
  const received: Buffer[] = [];
  for (;;) {
    const bytes = receive(fd);
    if (bytes?.length === 0) break;
    if (bytes !== undefined) received.push(bytes);
    else await new Promise((resolve) => setImmediate(resolve));
  }
  t.true(Buffer.concat(received).equals(Buffer.concat(portions)));
});

test("the system takes only so much at once, and says how much", async (t) => {
  await using server = await rawServer((peer) => peer.pause());
  const { host, port } = server.address;
  const fd = open({ family: 4, host, port });
  t.teardown(() => closeSync(fd));
  const much = Buffer.alloc(50_000_000);
  const taken = sendSome(fd, much);
  t.true(taken > 0 && taken < much.length, `${taken}`);
  let more = 1;
  while (more > 0) more = sendSome(fd, much);
  t.is(more, 0);
});

test("both ends of TCP are known, over IPv4 and IPv6; a Unix socket has neither", async (t) => {
  const server = createServer().listen(0, "::");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  for (const [family, host] of [
    [4, "127.0.0.1"],
    [6, "::1"],
  ] as const) {
    const accepted = once(server, "connection");
    const fd = open({ family, host, port });
    const [peer] = (await accepted) as [Socket];
    t.deepEqual(socketEnd(fd, "remote"), { address: host, port });
    t.deepEqual(socketEnd(fd, "local"), { address: host, port: peer.remotePort });
    closeSync(fd);
    peer.destroy();
  }
  server.close();
  await using unix = await atPath(1);
  const fd = open({ path: unix.path });
  t.deepEqual(socketEnd(fd, "remote"), {});
  closeSync(fd);
});

test("sockets can be connected here", (t) => t.true(canConnectSockets()));

test("what prevents a connection is told by the system's code", (t) => {
  t.throws(() => open({ family: 4, host: "127.0.0.1", port: 1 }), {
    name: "SystemError",
    code: "ECONNREFUSED",
    message: "connect ECONNREFUSED 127.0.0.1:1: connection refused",
  });
  t.throws(() => open({ path: "/there/is/none" }), { code: "ENOENT" });
});

test("a Unix socket with a full queue is tried until there is room, or the deadline has passed", async (t) => {
  await using unix = await atPath(1);
  // Nobody accepts while this thread does not return to its event loop.
  const fds: number[] = [];
  let last: number | "late" = 0;
  while (last !== "late" && fds.length < 100) {
    const start = performance.now();
    last = connectSocket({ path: unix.path }, true, start + 60);
    if (last !== "late") fds.push(last);
    else t.true(performance.now() - start >= 60);
  }
  t.is(last, "late");
  t.true(fds.length > 0);
  for (const fd of fds) closeSync(fd);
});

test("a reset is seen by the other end as one", async (t) => {
  await using server = await rawServer();
  const { host, port } = server.address;
  const accepted = once(server.server, "connection");
  const fd = open({ family: 4, host, port });
  const [peer] = (await accepted) as [Socket];
  peer.resume();
  const fault = once(peer, "error");
  reset(fd);
  const [error] = (await fault) as [NodeJS.ErrnoException];
  t.is(error.code, "ECONNRESET");
});

test("reading and writing a connection that broke is an error with its code", async (t) => {
  await using server = await rawServer((peer) => peer.resetAndDestroy());
  const { host, port } = server.address;
  const fd = open({ family: 4, host, port });
  t.teardown(() => closeSync(fd));
  await once(server.server, "connection");
  t.true(waitReadable(fd, 10_000));
  t.throws(() => receive(fd), { name: "SystemError", code: "ECONNRESET" });
  t.throws(() => sendSome(fd, Buffer.from("x")), { code: "EPIPE" });
});
