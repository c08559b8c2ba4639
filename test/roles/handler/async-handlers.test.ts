/** Handler classes: what serves the connections of a server. */
import test from "ava";
import type { ChannelFamily, Handler, HandlerClass, PersistentHandlerClass } from "../../support/channel-cells.ts";
import {
  event,
  forEach,
  gate,
  keepLines,
  onSockets,
  onTcp,
  series,
  seriesOnSockets,
  subjects,
} from "../../support/channel-subjects.ts";

await keepLines();

/** A handler class that answers each message with a count of its own. */
function countingHandler({ Handler: Base }: ChannelFamily): HandlerClass {
  return class extends Base {
    #count = 0;
    override processData(data: Buffer): void {
      this.start(`${++this.#count}: ${data.toString()}`);
    }
  };
}

forEach(series, "each connection has a handler of its own, also on a line", async (t, subject) => {
  await using stage = await subject.open({ server: { handler: countingHandler(subject.family) } });
  for (const round of subject.family.device === "Serial" ? [1] : [1, 2]) {
    const client = stage.client({ keepAlive: true });
    t.is(String(await client.clientCommunicate("a")), "1: a", `round ${round}`);
    t.is(String(await client.clientCommunicate("b")), "2: b");
    await client.close();
  }
});

forEach(onSockets, "a handler's hooks may be overridden, and may return promises", async (t, subject) => {
  const told: string[] = [];
  const closed = gate();
  const Talking: HandlerClass = class extends subject.family.Handler {
    override async onConnect(): Promise<void> {
      await Promise.resolve();
      told.push("onConnect");
    }
    override async processData(data: Buffer): Promise<void> {
      told.push("processData");
      await Promise.resolve();
      this.start(data);
    }
    override async queryDone(): Promise<boolean> {
      await Promise.resolve();
      told.push("queryDone");
      return true;
    }
    override onClose(): void {
      told.push("onClose");
      closed.open();
    }
  };
  await using stage = await subject.open({ server: { handler: Talking } });
  t.is(String(await stage.client().clientCommunicate("hello")), "hello");
  await closed.passed;
  t.deepEqual(told, ["onConnect", "processData", "queryDone", "onClose"]);
});

forEach(
  seriesOnSockets,
  "a handler that waits delays no other connection, and its own next message only",
  async (t, subject) => {
    const slow = gate();
    const isAsked = gate();
    const Waiting: HandlerClass = class extends subject.family.Handler {
      override async processData(data: Buffer): Promise<void> {
        if (data.toString() === "slow") {
          isAsked.open();
          await slow.passed;
        }
        this.start(data);
      }
    };
    await using stage = await subject.open({ server: { handler: Waiting } });
    const first = stage.persistent();
    await first.connect();
    first.start("slow");
    first.start("quick");
    await isAsked.passed;
    t.is(String(await stage.client().clientCommunicate("other")), "other");
    slow.open();
    const got: string[] = [];
    for await (const message of first) if (got.push(message.toString()) === 2) break;
    t.deepEqual(got, ["slow", "quick"]);
  },
);

forEach(seriesOnSockets, "start() and finish() of a handler work from outside its hooks", async (t, subject) => {
  await using stage = await subject.open({ server: { handler: subject.family.Handler } });
  const accepted = event(stage.server, "accept");
  const channel = stage.persistent();
  await channel.connect();
  const [handler] = (await accepted) as [Handler];
  if (handler.closed) await event(handler, "connect");
  t.false(handler.done);
  handler.start("unasked");
  handler.finish();
  t.true(handler.done);
  const got: string[] = [];
  for await (const message of channel) got.push(message.toString());
  t.deepEqual(got, ["unasked"]);
  t.true(channel.closed);
});

forEach(
  onSockets,
  "a handler that is not connected can send nothing, and closing it is no error",
  async (t, { family }) => {
    const handler = new family.Handler();
    t.true(handler.closed);
    t.throws(() => handler.start("x"), { code: "ERR_CHANNEL_CLOSED" });
    handler.finish();
    await handler.close();
  },
);

forEach(seriesOnSockets, "an encoding of the server holds for its handlers", async (t, subject) => {
  const seen: unknown[] = [];
  const Hearing: HandlerClass = class extends subject.family.Handler {
    override processData(data: Buffer): void {
      seen.push(data);
      this.start(data);
    }
  };
  await using stage = await subject.open({ server: { handler: Hearing, encoding: "utf8" as never } });
  await stage.client().clientCommunicate("žluť");
  t.deepEqual(seen, ["žluť"]);
});

forEach(seriesOnSockets, "a persistent handler may speak first and whenever it likes", async (t, subject) => {
  const Speaking: PersistentHandlerClass = class extends subject.family.PersistentHandler {
    override onConnect(): void {
      this.start("welcome");
    }
    override processData(data: Buffer): void {
      for (const letter of data.toString()) this.start(letter);
    }
  };
  await using stage = await subject.open({ server: { handler: Speaking } });
  const channel = stage.persistent();
  await channel.connect();
  channel.start("abc");
  const got: string[] = [];
  for await (const message of channel) if (got.push(message.toString()) === 4) break;
  t.deepEqual(got, ["welcome", "a", "b", "c"]);
});

forEach(seriesOnSockets, "a persistent handler can be read with for await", async (t, subject) => {
  const done = gate<string[]>();
  const Reading: PersistentHandlerClass = class extends subject.family.PersistentHandler {
    override onConnect(): void {
      void this.read();
    }
    async read(): Promise<void> {
      const got: string[] = [];
      for await (const message of this) got.push(message.toString());
      done.open(got);
    }
  };
  await using stage = await subject.open({ server: { handler: Reading } });
  const channel = stage.persistent();
  await channel.connect();
  for (const text of ["one", "two", "three"]) channel.start(text);
  channel.finish();
  t.deepEqual(await done.passed, ["one", "two", "three"]);
});

forEach(
  subjects,
  "a handler class that does not fit is refused at once, with what would fit",
  async (t, { family, place }) => {
    const spot = await place.open();
    class NoHandler {}
    const make = (handler: unknown, more = {}): unknown => new family.Server({ ...spot.server, handler, ...more });
    const code = "ERR_OPTIONS";
    t.throws(() => make(NoHandler), { code, message: /^option "handler" is .*NoHandler.*: give a class that extends/ });
    t.throws(() => make({}), { code, message: /^option "handler" is / });
    const other = onTcp.find((each) => each.family.framing !== family.framing)?.family as ChannelFamily;
    t.throws(() => make(other.Handler), {
      code,
      message: /^option "handler" is .*its framing is not that of the server/,
    });
    t.throws(() => make(other.PersistentHandler), { code, message: /its framing is not that of the server/ });
    t.throws(() => make(family.Handler, { processData: () => undefined }), {
      code,
      message: /^option "processData" is /,
    });
    await spot.close();
  },
);

test("options that are the server's own do not reach the hooks of its handlers", async (t) => {
  for (const subject of onTcp) {
    let told = 0;
    await using stage = await subject.open({
      server: { handler: countingHandler(subject.family), onClose: () => void told++, onError: () => void told++ },
    });
    const closed = gate();
    stage.server.on("accept", (channel) => channel.once("close", () => closed.open()));
    await stage.client().clientCommunicate("x");
    await closed.passed;
    t.is(told, 1, "onClose of the server alone");
  }
});
