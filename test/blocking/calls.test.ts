/** Calls of blocking clients: what the tests of conformance do not ask of every mode. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { cells, familyWith, placesOf } from "../support/channel-cells.ts";
import { tcp, unixSocket } from "../support/channel-places.ts";
import { countingEcho, echo, openStage } from "../support/channel-stage.ts";
import { wireOf } from "../support/channel-subjects.ts";
import { rawServer } from "../support/tcp-peers.ts";
import { Apart, play, WAYS } from "./apart.ts";
import type { Made } from "./subject.ts";

const allBytes = String.fromCodePoint(...Array.from({ length: 128 }, (_, index) => 127 - index));
const requests = ["one", allBytes, "x".repeat(6000), "y".repeat(10_000), "z".repeat(3_000_000)];
const socketClients = cells.filter(
  ({ mode, role, device }) => mode === "blocking" && role === "Client" && device === "Socket",
);
/** Each class at each place, in each way. */
const subjects = socketClients.flatMap(({ className, framing, device }) =>
  placesOf({ device, framing }).flatMap((place) => WAYS.map((way) => ({ className, framing, place, way }))),
);
/** Framings whose default limit is 1 MiB. */
const SMALLER = new Set(["WithTerminator", "WithStartEnd"]);
const terminated = (options: Made["options"]): Made => ({ device: "Socket", framing: "WithTerminator", options });

for (const { className, framing, place, way } of subjects) {
  test.serial(`${className}, ${place.title}: the same however replies are waited for, ${way}`, async (t) => {
    const family = familyWith("Socket", framing);
    const sent = requests.filter((request) => !SMALLER.has(framing) || request.length < 1_000_000);
    for (const keepAlive of [false, true]) {
      const server =
        framing === ""
          ? countingEcho(sent.map(({ length }) => length))
          : { processData: echo, maxMessageSize: 2 ** 23 };
      await using stage = await openStage(family, place, { server });
      const options = { ...stage.address, keepAlive };
      const made: Made = { device: "Socket", framing, options };
      const { replies, seen } = await play("exchange", { made, requests: sent }, way);
      t.deepEqual(replies.map(String), sent);
      t.deepEqual(seen.map(String), sent);
    }
  });
}

for (const way of WAYS) {
  const title = (text: string): string => `${text}, ${way}`;

  test.serial(title("a reply that comes byte by byte is one reply"), async (t) => {
    await using server = await rawServer((socket) => {
      void (async () => {
        await once(socket, "data");
        for (const byte of Buffer.from("slow\r\n")) {
          await new Promise((resolve) => socket.write(Buffer.of(byte), resolve));
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
    });
    const { replies } = await play("exchange", { made: terminated(server.address), requests: ["hi"] }, way);
    t.deepEqual(replies.map(String), ["slow"]);
  });

  test.serial(title("what comes in one piece behind a reply is not the next reply"), async (t) => {
    await using server = await rawServer((socket) =>
      socket.on("data", (bytes: Buffer) => socket.write(`${bytes.toString()}unasked\r\n`)),
    );
    const made = terminated({ ...server.address, keepAlive: true });
    const { replies, seen } = await play("exchange", { made, requests: ["a", "b"] }, way);
    t.deepEqual(replies.map(String), ["a", "b"]);
    t.deepEqual(seen.map(String), ["a", "unasked", "b"]);
  });
}

for (const way of WAYS) {
  test.serial(`what comes between two calls is not the next reply, ${way}`, async (t) => {
    await using server = await rawServer((socket) => socket.on("data", (bytes: Buffer) => socket.write(bytes)));
    const made = terminated({ ...server.address, keepAlive: true });
    await using apart = new Apart("exchangeTwice", { made, isHeard: false }, way);
    await apart.says("one");
    const [socket] = server.sockets;
    await new Promise((resolve) => socket?.write("unasked\r\n", resolve));
    apart.go();
    const { replies, seen } = await apart.result;
    t.deepEqual(replies, ["one", "two"]);
    t.deepEqual(seen, ["one", "unasked", "two"]);
  });

  for (const how of ["ends", "is reset"] as const) {
    test.serial(`a connection that ${how} between two calls is opened again, ${way}`, async (t) => {
      for (const isHeard of [false, true]) {
        await using server = await rawServer((socket) => socket.on("data", (bytes: Buffer) => socket.write(bytes)));
        const made = terminated({ ...server.address, keepAlive: true });
        await using apart = new Apart("exchangeTwice", { made, isHeard }, way);
        await apart.says("one");
        const [socket] = server.sockets;
        const closed = new Promise((resolve) => socket?.once("close", resolve));
        if (how === "ends") socket?.destroy();
        else socket?.resetAndDestroy();
        await closed;
        apart.go();
        const { replies, heard } = await apart.result;
        t.deepEqual(replies, ["one", "two"]);
        t.deepEqual(heard, isHeard && how === "is reset" ? ["ERR_CONNECTION_RESET"] : []);
        t.is(server.sockets.length, 2);
      }
    });
  }
}

test.serial("a hook that returns a promise: ERR_ASYNC_HOOK", async (t) => {
  await using stage = await openStage(familyWith("Socket", "WithTerminator"), tcp);
  const told = await play("asyncHooks", { made: terminated({ ...stage.address, keepAlive: true }) });
  t.deepEqual(
    Object.entries(told).map(([hook, { code, outcome, isClosed }]) => [hook, code, outcome, isClosed]),
    [
      ["processData", "ERR_ASYNC_HOOK", "unknown", true],
      ["queryDone", "ERR_ASYNC_HOOK", "unknown", true],
      ["onConnect", "ERR_ASYNC_HOOK", "not-sent", true],
      ["predicate", "ERR_ASYNC_HOOK", "unknown", true],
    ],
  );
});

test.serial("a hook that fails hides neither that the request was sent, nor the reply", async (t) => {
  await using stage = await openStage(familyWith("Socket", "WithTerminator"), tcp);
  const { unsendable, closing, reply } = await play("failingHooks", { made: terminated(stage.address) });
  t.is(unsendable.code, "ERR_TERMINATOR_IN_PAYLOAD");
  t.is(unsendable.outcome, "unknown");
  t.true(unsendable.isClosed);
  t.deepEqual(closing, ["ERR_HOOK_FAILED"]);
  t.is(reply, "hello");
});

test.serial("a call in a hook of the same client: ERR_WOULD_DEADLOCK", async (t) => {
  await using stage = await openStage(familyWith("Socket", "WithTerminator"), tcp);
  const { inner, reply } = await play("callInHook", { made: terminated(stage.address) });
  t.is(inner?.code, "ERR_WOULD_DEADLOCK");
  t.is(inner?.outcome, "not-sent");
  t.is(reply, "hello");
});

test.serial("a call to a server of ours in the same thread: ERR_WOULD_DEADLOCK, until that is closed", async (t) => {
  const hosts = ["127.0.0.1", "localhost"];
  const { failures, afterClose } = await play("callOwnThread", {
    address: { host: "127.0.0.1", port: 0 },
    framing: "WithTerminator",
    hosts,
  });
  t.deepEqual(
    failures.map(({ code, outcome }) => [code, outcome]),
    hosts.map(() => ["ERR_WOULD_DEADLOCK", "not-sent"]),
  );
  t.is(afterClose.code, "ERR_CONNECT_REFUSED");
  const folder = await mkdtemp(join(tmpdir(), "plib-io-"));
  const onPath = await play("callOwnThread", { address: { path: join(folder, "s") }, framing: "", hosts: [""] });
  await rm(folder, { recursive: true });
  t.deepEqual([onPath.failures[0]?.code, onPath.afterClose.code], ["ERR_WOULD_DEADLOCK", "ERR_CONNECT_REFUSED"]);
});

test.serial("what is started while a client only waits is sent, and it can be disposed of", async (t) => {
  const lines: string[] = [];
  await using server = await rawServer((socket) => {
    socket.write(wireOf(familyWith("Socket", "WithTerminator"), "login:"));
    socket.on("data", (bytes: Buffer) => {
      lines.push(bytes.toString());
      socket.write(lines.length === 1 ? "password:\r\n" : "welcome me\r\n");
    });
  });
  const { greeting, isClosed } = await play("logIn", { made: terminated({ ...server.address, keepAlive: true }) });
  t.deepEqual(lines, ["me\r\n", "secret\r\n"]);
  t.is(greeting, "welcome me");
  t.true(isClosed);
});

test.serial("many channels at once, on a Unix socket", async (t) => {
  await using stage = await openStage(familyWith("Socket", "WithReadWrite"), unixSocket);
  const made: Made = { device: "Socket", framing: "WithReadWrite", options: { ...stage.address, keepAlive: true } };
  const { replies } = await play("holdMany", { made, count: 100 });
  t.deepEqual(
    replies,
    Array.from({ length: 100 }, (_, index) => `${index}`),
  );
});
