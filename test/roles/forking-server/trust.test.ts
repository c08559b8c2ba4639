/** What a forking server believes of its children, and what it gives them. */
import test from "ava";
import { BlockingSocketServerWithTerminator } from "../../../generated/index.ts";
import { handler, openStage } from "./stage.ts";

/** What a handler may send with `process.send()` by accident, some of it in the words of the server's own protocol. */
const MESSAGES: readonly unknown[] = [
  null,
  0,
  "text",
  [],
  {},
  { kind: "fault" },
  { kind: "fault", error: null },
  { kind: "unfit", error: { name: "Error", message: "no" } },
  { kind: "unfit" },
  { kind: "ready" },
  { kind: "step", step: 0x64, connection: 1 },
  { kind: "leaving" },
  { key: "guessed", message: { kind: "fault" } },
  { key: null, message: { kind: "unfit" } },
];

test("what a handler sends with process.send() is not taken for the server's own protocol", async (t) => {
  await using stage = await openStage();
  const client = stage.client();
  for (const message of MESSAGES) {
    const text = JSON.stringify(message);
    t.is(String(await client.clientCommunicate(`send ${text}`)), "sent", text);
  }
  const pid = String(await client.clientCommunicate("pid"));
  await client.close();
  t.is(await stage.ask("hello"), "hello");
  t.deepEqual(stage.faults, []);
  t.deepEqual(stage.ended, []);
  t.true(stage.started.some((child) => String(child.pid) === pid));
});

test("an error that is its own cause is reported, and the child serves on", async (t) => {
  await using stage = await openStage();
  await t.throwsAsync(stage.ask("circle"));
  await stage.until(({ faults }) => faults.length === 1);
  t.deepEqual(stage.faults, ["ERR_HOOK_FAILED"]);
  t.regex(stage.errors[0]?.message ?? "", /it is its own cause/);
  t.is(await stage.ask("hello"), "hello");
  t.deepEqual(stage.ended, []);
});

const uncloneable: Readonly<Record<string, unknown>> = {
  nested: { help: () => undefined },
  symbol: Symbol("s"),
  weak: new WeakMap(),
  promise: Promise.resolve(),
  memory: new SharedArrayBuffer(8),
};

for (const [name, value] of Object.entries(uncloneable)) {
  test(`an option that cannot be copied to a child is ERR_OPTIONS before there is one: ${name}`, (t) => {
    const options = { port: 0, handler: handler("acts"), [name]: value };
    t.throws(() => new BlockingSocketServerWithTerminator(options), {
      code: "ERR_OPTIONS",
      message: new RegExp(`option "${name}" is .*copied to another process`),
    });
  });
}
