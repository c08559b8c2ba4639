/** Who hears of a hook that failed, and in which order. */
import test from "ava";
import { ChannelError } from "../../src/errors.ts";
import type { HandlerClass, PersistentHandlerClass } from "../support/channel-cells.ts";
import { leavesNothing } from "../support/channel-leaks.ts";
import { echo } from "../support/channel-stage.ts";
import { forEach, gate, keepLines, onTcp, type Subject } from "../support/channel-subjects.ts";

await keepLines();

const boom = new Error("boom");

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
    await using stage = await subject.open({
      server: {
        processData: echo,
        [hook]: () => {
          throw boom;
        },
        onError: (error) => told.open(error),
      },
    });
    t.is(String(await stage.client().clientCommunicate("hello")), "hello");
    if (hook === "serverClose") await stage.server.close();
    t.is((await told.passed).cause, boom);
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
          throw thrown as unknown as Error;
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
