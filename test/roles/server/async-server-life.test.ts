/** Asynchronous servers: refusing, closing and opening again, hooks that return promises, and broadcasts. */
import { setImmediate as turn } from "node:timers/promises";
import type { ChannelError } from "../../../src/errors.ts";
import type { PersistentHandler } from "../../support/channel-cells.ts";
import { echo } from "../../support/channel-stage.ts";
import {
  event,
  forEach,
  gate,
  keepLines,
  onSockets,
  onTcp,
  seriesOnSockets,
  subjects,
  wireOf,
} from "../../support/channel-subjects.ts";
import { rawConnect } from "../../support/tcp-peers.ts";

await keepLines();

forEach(subjects, "listen() while closing waits for the end, then listens again", async (t, { family, place }) => {
  const spot = await place.open();
  const server = new family.Server(spot.server);
  await server.listen();
  const closed = server.close();
  await server.listen();
  t.false(server.done);
  await closed;
  await server.close();
  await spot.close();
});

forEach(subjects, "callers of listen() share an attempt, and each has its own signal", async (t, { family, place }) => {
  const spot = await place.open();
  const hold = gate();
  const server = new family.Server({ ...spot.server, serverStart: () => hold.passed });
  const controller = new AbortController();
  const [aborted, patient] = [server.listen({ signal: controller.signal }), server.listen()];
  const reason = new Error("mine");
  controller.abort(reason);
  await t.throwsAsync(aborted, { is: reason });
  hold.open();
  await patient;
  t.false(server.done);
  await server.close();
  await spot.close();
});

for (const way of ["close", "finish"] as const) {
  for (const kind of ["Handler", "PersistentHandler"] as const) {
    forEach(
      onSockets,
      `${way}() in onAccept refuses a connection of a ${kind}, before a byte is processed`,
      async (t, subject) => {
        const Refused = class extends (subject.family[kind] as typeof subject.family.Handler) {
          override processData(): void {
            t.fail("nothing is processed");
          }
          override onConnect(): void {
            t.fail("the channel was never connected");
          }
        };
        const links: unknown[] = [];
        await using stage = await subject.open({
          server: {
            handler: Refused,
            async onAccept(channel) {
              links.push(channel.link);
              for (let turns = 0; turns < 20; turns++) await turn();
              void channel[way]();
            },
            onError: () => undefined,
          },
        });
        await using raw = await rawConnect(stage.address);
        raw.socket.write(wireOf(subject.family, "request"));
        raw.socket.end();
        t.is(await raw.ended, "");
        await raw.closed;
        while (stage.server.channels.size > 0) await turn();
        t.is(links.length, 1);
        t.truthy(links[0]);
      },
    );
  }
}

for (const hook of ["onAccept", "onClose", "serverStart", "serverClose"] as const) {
  forEach(onTcp, `${hook} rejects: onError hears of it, and the server serves on`, async (t, subject) => {
    const boom = new Error("boom");
    const told = gate<ChannelError>();
    await using stage = await subject.open({
      server: { processData: echo, [hook]: () => Promise.reject(boom), onError: (error) => told.open(error) },
    });
    t.is(String(await stage.client().clientCommunicate("hello")), "hello");
    if (hook === "serverClose") await stage.server.close();
    t.is((await told.passed).cause, boom);
  });
}

forEach(
  onTcp,
  "onAccept is awaited before a message is processed, serverStart by listen(), serverClose by close()",
  async (t, { family, place }) => {
    const log: string[] = [];
    const slow = (name: string) => async (): Promise<void> => {
      log.push(name);
      for (let turns = 0; turns < 20; turns++) await turn();
      log.push(`${name} done`);
    };
    const spot = await place.open();
    const server = new family.Server({
      ...spot.server,
      serverStart: slow("serverStart"),
      serverClose: slow("serverClose"),
      onAccept: slow("onAccept"),
      processData(data, channel) {
        log.push("processData");
        channel.start(data);
      },
    });
    await server.listen();
    log.push("listens");
    await new family.Client(spot.client(server.address())).clientCommunicate("x");
    await server.close();
    log.push("closed");
    const due = ["serverStart", "serverStart done", "listens", "onAccept", "onAccept done", "processData"];
    t.deepEqual(log, [...due, "serverClose", "serverClose done", "closed"]);
    await spot.close();
  },
);

forEach(onTcp, "close() in any hook settles, and so does what the hook belongs to", async (t, subject) => {
  for (const hook of ["onAccept", "onClose", "serverStart", "serverClose", "onError", "processData"] as const) {
    let closing: Promise<void> | undefined;
    const spot = await subject.place.open();
    const server: InstanceType<typeof subject.family.Server> = new subject.family.Server({
      ...spot.server,
      onError: () => undefined,
      processData: echo,
      ...(hook === "onError" && { processData: () => Promise.reject(new Error("boom")) }),
      [hook]: () => (closing = server.close()),
    });
    await server.listen();
    if (!server.done) {
      await new subject.family.Client({ ...spot.client(server.address()), onError: () => undefined })
        .clientCommunicate("x")
        .catch(() => undefined);
    }
    await server.close();
    await closing;
    t.true(server.closed, hook);
    await spot.close();
  }
});

forEach(
  seriesOnSockets,
  "start() of a server reaches all channels but the slow one, whose error is reported with it",
  async (t, subject) => {
    const told: [string, unknown][] = [];
    await using stage = await subject.open({
      server: {
        handler: subject.family.PersistentHandler,
        maxQueuedBytes: 1_500_000,
        onError: (error, channel) => void told.push([error.code, channel]),
      },
    });
    const slow = await rawConnect(stage.address);
    slow.socket.pause();
    if (stage.server.channels.size === 0) await event(stage.server, "accept");
    const [stuck] = stage.server.channels as unknown as Set<PersistentHandler>;
    for (let count = 0; count < 60; count++) {
      try {
        stuck?.start(Buffer.alloc(900_000));
      } catch {
        break;
      }
      await turn();
    }
    const channel = stage.persistent();
    await channel.connect();
    while (stage.server.channels.size < 2) await event(stage.server, "accept");
    const heard = event(channel, "message");
    stage.server.start(Buffer.alloc(900_000));
    t.is(((await heard)[0] as Buffer).length, 900_000);
    t.deepEqual(told, [["ERR_BACKPRESSURE", stuck]]);
    t.throws(() => stage.server.start(7 as never), { code: "ERR_OPTIONS" });
    if (subject.family.framing === "WithTerminator") {
      t.throws(() => stage.server.start("a\r\nb"), { code: "ERR_TERMINATOR_IN_PAYLOAD" });
    }
    t.is(told.length, 1);
    slow.socket.destroy();
  },
);
