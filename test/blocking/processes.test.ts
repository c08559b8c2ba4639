/** Faults of helper threads, threads and processes that block, seen from outside. */
import { existsSync } from "node:fs";
import { once } from "node:events";
import type { Socket } from "node:net";
import test from "ava";
import { familyWith } from "../support/channel-cells.ts";
import { tcp } from "../support/channel-places.ts";
import { openStage, type Stage } from "../support/channel-stage.ts";
import { event } from "../support/channel-subjects.ts";
import { rawServer } from "../support/tcp-peers.ts";
import { openVirtualLine } from "../support/virtual-line.ts";
import { Apart, play } from "./apart.ts";
import { type Made, waitsHere } from "./subject.ts";

const framing = "WithTerminator";
const socketFamily = familyWith("Socket", framing);
const socket = (options: Made["options"]): Made => ({
  device: "Socket",
  framing,
  options: { keepAlive: true, ...options },
});

/** A server that never answers "silent". */
async function halfSilent(): Promise<Stage> {
  return await openStage(socketFamily, tcp, {
    server: {
      processData(data, channel) {
        if (data.toString() === "silent") return new Promise<void>(() => undefined);
        return channel.start(data);
      },
      onError: () => undefined,
    },
  });
}

for (const how of ["throwLater", "exit", "exhaust"] as const) {
  for (const isOpening of [false, true]) {
    test.serial(
      `the helper thread dies (${how}) while it ${isOpening ? "opens" : "works"}: ERR_WORKER_DIED`,
      async (t) => {
        await using stage = await halfSilent();
        const { death, reply } = await play("killHelper", {
          death: { how, isOpening },
          made: socket(stage.address),
        });
        t.is(death.code, "ERR_WORKER_DIED");
        t.log(`after ${death.ms.toFixed(0)} ms`);
        t.is(reply, "hello", "the next call has a new one");
      },
    );
  }
}

/** What happens to calls that sleep in the system: where none do, there is nothing to test. */
const testAsleep = waitsHere("blocking").length > 0 ? test.serial : test.skip;

for (const how of ["throwLater", "exit", "exhaust"] as const) {
  testAsleep(`the helper thread dies (${how}) while a call sleeps in the system: ERR_WORKER_DIED`, async (t) => {
    await using helpers = await rawServer();
    const asked = event(helpers.server, "connection") as Promise<[Socket]>;
    await using server = await rawServer((peer) =>
      peer.on("data", (bytes: Buffer) => {
        if (!bytes.toString().startsWith("silent")) return void peer.write(bytes);
        void asked.then(([helper]) => helper.write("die"));
      }),
    );
    const order = { how, made: socket(server.address), word: helpers.address };
    const { death, reply } = await play("killHelperAsleep", order);
    t.is(death.code, "ERR_WORKER_DIED");
    t.log(`after ${death.ms.toFixed(0)} ms`);
    t.is(reply, "hello", "the next call has a new one");
  });
}

testAsleep("a read sleeps in the system until the reply is there, and is got out of it where none comes", async (t) => {
  await using server = await rawServer((peer) => peer.on("data", (bytes: Buffer) => peer.write(bytes)));
  t.deepEqual(await play("readInSystem", { address: server.address }), [
    { read: "hello", isBlocking: true },
    { read: undefined, isBlocking: false },
  ]);
});

testAsleep("trying whether a thread can be interrupted ends also where it cannot", async (t) => {
  t.is(await play("tryWithoutInterrupter", {}), 1, "what comes in the end");
});

testAsleep("where a thread cannot be interrupted any more, replies are polled for", async (t) => {
  await using stage = await halfSilent();
  const requests = ["a", "b", "c", "d", "e"];
  t.deepEqual(await play("loseInterrupter", { made: socket(stage.address), requests }), requests);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  for (const wait of waitsHere("polling", "blocking")) {
    test.serial(
      `${signal} while a call on a socket waits, ${wait}: the process and its connection end at once`,
      async (t) => {
        await using server = await rawServer();
        const accepted = event(server.server, "connection") as Promise<[Socket]>;
        await using apart = new Apart("block", { made: { ...socket(server.address), wait } });
        const [connection] = await accepted;
        await once(connection, "data");
        connection.once("end", () => connection.destroy());
        const closed = event(connection, "close");
        apart.child.kill(signal);
        t.deepEqual(await apart.ended, { code: null, signal });
        t.false(existsSync(`/proc/${apart.child.pid}/task`));
        await closed;
      },
    );
  }

  test.serial(`${signal} while a call on a serial line blocks: the port is free at once`, async (t) => {
    const line = await openVirtualLine();
    const made: Made = { device: "Serial", framing, options: { path: line.a } };
    await using apart = new Apart("block", { made });
    await apart.says("connected");
    const { Client } = familyWith("Serial", framing);
    const other = new Client({ path: line.a });
    await t.throwsAsync(other.connect(), { code: "ERR_PORT_IN_USE" });
    apart.child.kill(signal);
    t.deepEqual(await apart.ended, { code: null, signal });
    await other.connect();
    await other.close();
    await line.close();
  });
}

const endings = (["exit", "terminate"] as const).flatMap((how) =>
  waitsHere("polling", "blocking").map((wait) => ({ how, wait })),
);
for (const { how, wait } of endings) {
  const title = `${how}() while a thread is blocked in a call without a deadline, ${wait}: it hinders nobody`;
  test.serial(title, async (t) => {
    await using server = await rawServer();
    const accepted = event(server.server, "connection") as Promise<[Socket]>;
    const order = { made: { ...socket(server.address), wait }, name: "one", times: 0, silentMs: 0 };
    await using apart = new Apart("leaveThreadBlocked", { order, how });
    const [connection] = await accepted;
    await once(connection, "data");
    connection.once("end", () => connection.destroy());
    const closed = event(connection, "close");
    apart.go();
    if (how === "terminate") t.is(await apart.result, "terminated");
    await closed;
    t.deepEqual(await apart.ended, { code: how === "exit" ? 7 : 0, signal: null });
  });
}

for (const wait of waitsHere("best", "blocking")) {
  test.serial(`threads call at the same time, and are isolated from each other, ${wait}`, async (t) => {
    await using stage = await halfSilent();
    const made = { ...socket(stage.address), wait };
    const names = ["a", "b", "c", "d"];
    const orders = names.map((name) => ({ made, name, times: 50, ...(name === "c" && { silentMs: 100 }) }));
    const reports = await play("callFromThreads", { orders });
    for (const [index, { replies, failure }] of reports.entries()) {
      t.deepEqual(
        replies,
        Array.from({ length: 50 }, (_, time) => `${names[index]} ${time}`),
      );
      t.is(failure?.code, names[index] === "c" ? "ERR_REPLY_TIMEOUT" : undefined);
    }
  });
}

for (const wait of waitsHere("best", "blocking")) {
  test.serial(
    `10,000 connections opened, used and closed leave no descriptor, thread or handle, ${wait}`,
    async (t) => {
      await using stage = await openStage(socketFamily, tcp);
      const made = { ...socket(stage.address), wait };
      const { before, after, ms, mebibytes } = await play("connectOften", { made, times: 10_000, request: "hello" });
      t.deepEqual(after, before);
      t.log(
        `${(ms / 10).toFixed(0)} µs each, ${after.descriptors} descriptors, ${after.threads} threads, ${mebibytes.toFixed(0)} MiB`,
      );
      t.is(stage.server.stats().accepted, 10_010);
    },
  );
}
