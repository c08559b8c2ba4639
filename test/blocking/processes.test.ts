/** Faults of helper threads, threads and processes that block, seen from outside. */
import { existsSync } from "node:fs";
import { once } from "node:events";
import type { Socket } from "node:net";
import test from "ava";
import { familyWith } from "../support/channel-cells.ts";
import { tcp } from "../support/channel-places.ts";
import { openStage, type Stage } from "../support/channel-stage.ts";
import { event } from "../support/channel-subjects.ts";
import { type RawServer, rawServer } from "../support/tcp-peers.ts";
import { openVirtualLine } from "../support/virtual-line.ts";
import { Apart, play, WAYS } from "./apart.ts";
import type { Made } from "./subject.ts";

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

/** A server that has the helper thread of its client die, which listens at another address, and then answers. */
async function murderous(): Promise<{ server: RawServer; word: RawServer } & AsyncDisposable> {
  const word = await rawServer();
  const asked = event(word.server, "connection") as Promise<[Socket]>;
  const server = await rawServer((peer) =>
    peer.on("data", (bytes: Buffer) => {
      if (!bytes.toString().startsWith("silent")) return void peer.write(bytes);
      void asked.then(([helper]) => {
        helper.once("end", () => peer.write("all the same\r\n")).resume();
        helper.write("die");
      });
    }),
  );
  return {
    server,
    word,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await word[Symbol.asyncDispose]();
    },
  };
}

for (const how of ["throwLater", "exit", "exhaust"] as const) {
  test.serial(
    `the helper thread that has connected dies (${how}) while a call waits: the call is answered`,
    async (t) => {
      await using peers = await murderous();
      const made = socket({ ...peers.server.address, host: "localhost" });
      const order = { how, made, word: peers.word.address };
      t.deepEqual(await play("killHelperMeanwhile", order, "system"), {
        death: undefined,
        replies: ["all the same", "hello"],
      });
    },
  );

  test.serial(`the helper thread that relays dies (${how}) while a call waits: ERR_WORKER_DIED`, async (t) => {
    await using peers = await murderous();
    const order = { how, made: socket(peers.server.address), word: peers.word.address };
    const { death, replies } = await play("killHelperMeanwhile", order, "relay");
    t.is(death?.code, "ERR_WORKER_DIED");
    t.log(`after ${death?.ms.toFixed(0)} ms`);
    t.deepEqual(replies, ["hello"], "the next call has a new one");
  });
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  for (const way of WAYS) {
    test.serial(
      `${signal} while a call on a socket waits, ${way}: the process and its connection end at once`,
      async (t) => {
        await using server = await rawServer();
        const accepted = event(server.server, "connection") as Promise<[Socket]>;
        await using apart = new Apart("block", { made: socket(server.address) }, way);
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

const endings = (["exit", "terminate"] as const).flatMap((how) => WAYS.map((way) => ({ how, way })));
for (const { how, way } of endings) {
  const title = `${how}() while a thread is blocked in a call without a deadline, ${way}: it hinders nobody`;
  test.serial(title, async (t) => {
    await using server = await rawServer();
    const accepted = event(server.server, "connection") as Promise<[Socket]>;
    const order = { made: socket(server.address), name: "one", times: 0, silentMs: 0 };
    await using apart = new Apart("leaveThreadBlocked", { order, how }, way);
    const [connection] = await accepted;
    await once(connection, "data");
    connection.once("end", () => connection.destroy());
    const closed = event(connection, "close");
    apart.go();
    if (how === "terminate") t.true((await apart.result).ms < 500);
    await closed;
    t.deepEqual(await apart.ended, { code: how === "exit" ? 7 : 0, signal: null });
  });
}

for (const way of WAYS) {
  test.serial(`a call that waits takes less than a hundredth of a processor, ${way}`, async (t) => {
    await using stage = await halfSilent();
    const order = { made: socket(stage.address), timeoutMs: 1000, times: 3 };
    const { processorShare } = await play("waitInVain", order, way);
    t.log(`${(100 * processorShare).toFixed(2)} %`);
    t.true(processorShare < 0.01);
  });
}

for (const way of WAYS) {
  test.serial(`threads call at the same time, and are isolated from each other, ${way}`, async (t) => {
    await using stage = await halfSilent();
    const made = socket(stage.address);
    const names = ["a", "b", "c", "d"];
    const orders = names.map((name) => ({ made, name, times: 50, ...(name === "c" && { silentMs: 100 }) }));
    const reports = await play("callFromThreads", { orders }, way);
    for (const [index, { replies, failure }] of reports.entries()) {
      t.deepEqual(
        replies,
        Array.from({ length: 50 }, (_, time) => `${names[index]} ${time}`),
      );
      t.is(failure?.code, names[index] === "c" ? "ERR_REPLY_TIMEOUT" : undefined);
    }
  });
}

for (const way of WAYS) {
  test.serial(
    `thousands of connections opened, used and closed leave no descriptor, thread or handle, ${way}`,
    async (t) => {
      await using stage = await openStage(socketFamily, tcp);
      const made = socket(stage.address);
      const times = way === "system" ? 10_000 : 1000;
      const { before, after, ms, mebibytes } = await play("connectOften", { made, times, request: "hello" }, way);
      t.deepEqual(after, before);
      t.log(
        `${((1000 * ms) / times).toFixed(0)} µs each, ${after.descriptors} descriptors, ${after.threads} threads, ${mebibytes.toFixed(0)} MiB`,
      );
      t.is(stage.server.stats().accepted, times + 10);
    },
  );
}
