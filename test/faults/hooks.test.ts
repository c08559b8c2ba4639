/** Hooks that throw or reject: that channel alone fails, and its error is told exactly once, to whoever is to hear of it. */
import test, { type ExecutionContext } from "ava";
import { ChannelError } from "../../src/errors.ts";
import type { HandlerClass, PersistentHandlerClass, ServerOptions } from "../support/channel-cells.ts";
import { leavesNothing } from "../support/channel-leaks.ts";
import { openPair } from "../support/channel-pairs.ts";
import { echo } from "../support/channel-stage.ts";
import {
  event,
  forEach,
  gate,
  keepLines,
  onSockets,
  onTcp,
  series,
  seriesOnSockets,
  type Subject,
} from "../support/channel-subjects.ts";

await keepLines();

const ways = {
  throws: (thrown: unknown) => {
    throw thrown;
  },
  rejects: (thrown: unknown) => Promise.reject(thrown),
};
const boom = new Error("boom");

/** Makes a request that makes a hook of the server fail, and expects others to be served before and after. */
async function failsAlone(t: ExecutionContext, subject: Subject, server: ServerOptions): Promise<void> {
  await using stage = await subject.open({ server });
  const bystander = stage.client({ keepAlive: true });
  t.is(String(await bystander.clientCommunicate("before")), "before");
  const failing = stage.client().clientCommunicate("boom");
  // What was answered before the fault may have left; where the end of the channel ends a message, it looks whole.
  await failing.catch((error: unknown) => t.true(ChannelError.is(error)));
  t.is(String(await bystander.clientCommunicate("after")), "after");
}

for (const [way, fail] of Object.entries(ways)) {
  for (const hook of ["processData", "queryDone"] as const) {
    forEach(
      onSockets,
      `${hook} of a server ${way}: onError of the server hears of it once, with the channel`,
      async (t, subject) => {
        const told: [ChannelError, unknown][] = [];
        let last = "";
        await failsAlone(t, subject, {
          processData(data, channel) {
            last = data.toString();
            if (hook === "processData" && last === "boom") return fail(boom) as Promise<void>;
            return channel.start(data);
          },
          ...(hook === "queryDone" && {
            queryDone: (channel) => (last === "boom" ? fail(boom) : !channel.keepAlive),
          }),
          onError: (error, channel) => void told.push([error, channel]),
        });
        t.is(told.length, 1);
        const [[error, channel] = []] = told;
        t.is(error?.code, "ERR_HOOK_FAILED");
        t.is(error?.cause, boom);
        t.regex(error?.message ?? "", /boom/);
        t.truthy(channel);
      },
    );

    forEach(seriesOnSockets, `${hook} of a client ${way}: the call rejects`, async (t, subject) => {
      await using stage = await subject.open();
      const client = stage.client({
        keepAlive: true,
        [hook]: () => fail(boom) as never,
        onError: (error) => t.fail(`told twice: ${error.message}`),
      });
      const error = await t.throwsAsync(client.clientCommunicate("hello"), { code: "ERR_HOOK_FAILED" });
      t.is((error as ChannelError).cause, boom);
      t.is((error as ChannelError).outcome, "unknown");
      t.true(client.closed);
    });
  }

  forEach(onSockets, `onConnect of a client ${way}: nothing was sent`, async (t, subject) => {
    // To half-close and basic framing, a channel that is closed at once looks like an empty message.
    await using stage = await subject.open({ server: { processData: (data) => void t.is(data.length, 0) } });
    const client = stage.client({ onConnect: () => fail(boom) });
    const error = await t.throwsAsync(client.clientCommunicate("hello"), { code: "ERR_HOOK_FAILED" });
    t.is((error as ChannelError).outcome, "not-sent");
    const channel = stage.persistent({ onConnect: () => fail(boom) });
    await t.throwsAsync(channel.connect(), { code: "ERR_HOOK_FAILED" });
    t.true(channel.closed);
  });

  forEach(onSockets, `onConnect of a handler ${way}: that connection alone fails`, async (t, subject) => {
    const told = gate<[ChannelError, unknown]>();
    let count = 0;
    const Failing: HandlerClass = class extends subject.family.Handler {
      override onConnect(): void | Promise<void> {
        if (count++ === 0) return fail(boom);
      }
      override processData(data: Buffer): void {
        this.start(data);
      }
    };
    await using stage = await subject.open({
      server: { handler: Failing, onError: (error, channel) => told.open([error, channel]) },
    });
    await stage
      .client()
      .clientCommunicate("x")
      .catch(() => undefined);
    const [error, channel] = await told.passed;
    t.is(error.code, "ERR_HOOK_FAILED");
    t.true(channel instanceof Failing);
    t.is(String(await stage.client().clientCommunicate("next")), "next");
  });

  forEach(
    series,
    `processData of a persistent channel ${way}: onError hears of it, and it closes`,
    async (t, subject) => {
      const told = gate<ChannelError>();
      await using pair = await openPair(
        subject,
        { onError: () => undefined },
        { processData: () => fail(boom), onError: (error) => told.open(error) },
      );
      pair.near.start("x");
      const error = await told.passed;
      t.is(error.code, "ERR_HOOK_FAILED");
      t.is(error.cause, boom);
      if (!pair.far.closed) await event(pair.far, "close");
      t.true(pair.far.closed);
    },
  );
}

forEach(onTcp, "onError of the handler comes first, and nobody else hears of it then", async (t, subject) => {
  const told: string[] = [];
  const closed = gate();
  const Hearing: HandlerClass = class extends subject.family.Handler {
    override processData(): void {
      throw boom;
    }
    override onError(error: ChannelError): void {
      told.push(`handler ${error.code}`);
    }
    override onClose(): void {
      closed.open();
    }
  };
  await using stage = await subject.open({
    server: { handler: Hearing, onError: (error) => void told.push(`server ${error.code}`) },
  });
  await stage
    .client()
    .clientCommunicate("x")
    .catch(() => undefined);
  await closed.passed;
  t.deepEqual(told, ["handler ERR_HOOK_FAILED"]);
});

forEach(onTcp, "with nobody to tell, a handler's fault is a warning of the process", async (t, subject) => {
  const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
  await using stage = await subject.open({
    server: {
      processData() {
        throw boom;
      },
    },
  });
  await stage
    .client()
    .clientCommunicate("x")
    .catch(() => undefined);
  t.is(((await warned) as ChannelError).code, "ERR_HOOK_FAILED");
});

forEach(onTcp, "a fault of a persistent handler goes the same way", async (t, subject) => {
  const told = gate<[ChannelError, unknown]>();
  const Failing: PersistentHandlerClass = class extends subject.family.PersistentHandler {
    override processData(): void {
      throw boom;
    }
  };
  await using stage = await subject.open({
    server: { handler: Failing, onError: (error, channel) => told.open([error, channel]) },
  });
  const channel = stage.persistent({ onError: () => undefined });
  await channel.connect();
  channel.start("x");
  channel.finish();
  const [error, failed] = await told.passed;
  t.is(error.code, "ERR_HOOK_FAILED");
  t.true(failed instanceof Failing);
});

forEach(onTcp, "listeners of `error` hear of a fault as onError does", async (t, subject) => {
  const told = gate<unknown[]>();
  await using stage = await subject.open({
    server: {
      processData() {
        throw boom;
      },
    },
  });
  stage.server.on("error", (error, channel) => told.open([error.code, typeof channel]));
  await stage
    .client()
    .clientCommunicate("x")
    .catch(() => undefined);
  t.deepEqual(await told.passed, ["ERR_HOOK_FAILED", "object"]);
});

for (const hook of ["onAccept", "onClose", "serverStart", "serverClose", "keepRunning"] as const) {
  forEach(onTcp, `${hook} of a server throws: onError hears of it, and the server goes on`, async (t, subject) => {
    const told = gate<ChannelError>();
    let isTold = false;
    await using stage = await subject.open({
      server: {
        processData: echo,
        [hook]: () => {
          throw boom;
        },
        onError: (error) => {
          isTold = true;
          told.open(error);
        },
      },
    });
    t.is(String(await stage.client().clientCommunicate("hello")), "hello");
    if (hook === "serverClose") await stage.server.close();
    t.is((await told.passed).cause, boom);
    t.true(isTold);
    if (hook !== "serverClose") t.is(String(await stage.client().clientCommunicate("again")), "again");
  });
}

forEach(onTcp, "onClose of a client throws: its onError hears of it", async (t, subject) => {
  const told: unknown[] = [];
  await using stage = await subject.open();
  const client = stage.client({
    onClose: () => {
      throw boom;
    },
    onError: (error) => void told.push(error.cause),
  });
  t.is(String(await client.clientCommunicate("hello")), "hello");
  t.deepEqual(told, [boom]);
});

test(
  "what a hook throws may be anything, and an error of the library stays what it is",
  leavesNothing(async (t) => {
    const [subject] = onTcp as [Subject];
    for (const thrown of ["text", undefined, null, 7]) {
      await using stage = await subject.open();
      const client = stage.client({
        processData() {
          throw thrown;
        },
      });
      const error = await t.throwsAsync(client.clientCommunicate("x"), { code: "ERR_HOOK_FAILED" });
      t.is((error as ChannelError).cause, thrown);
    }
    const own = new ChannelError("ERR_FRAME_INVALID", "checksum");
    await using stage = await subject.open();
    const client = stage.client({
      processData() {
        throw own;
      },
    });
    await t.throwsAsync(client.clientCommunicate("x"), { is: own });
  }),
);
