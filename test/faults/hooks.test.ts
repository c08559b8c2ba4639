/** Hooks that throw or reject: that channel alone fails, and its error is told exactly once, to whoever is to hear of it. */
import { type ExecutionContext } from "ava";
import { ChannelError } from "../../src/errors.ts";
import type { HandlerClass, ServerOptions } from "../support/channel-cells.ts";
import { openPair } from "../support/channel-pairs.ts";
import {
  event,
  forEach,
  gate,
  keepLines,
  onSockets,
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
  // What was answered before the fault may have left. Node.js before 24 takes some resets for the end of a message.
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
            if (hook === "processData" && last === "boom") return fail(boom);
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
