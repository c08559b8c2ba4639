/** Options that cannot be used: told when the channel is made, with the name of the option, its value, and what it may be. */
import { inspect } from "node:util";
import { ChannelError, OptionsError } from "../../src/errors.ts";
import type { Extra } from "../support/channel-cells.ts";
import { forEach, onTcp, subjects } from "../support/channel-subjects.ts";

/** Values that no channel takes. */
const everywhere: Readonly<Record<string, readonly unknown[]>> = {
  encoding: ["utf9", 8],
  maxQueuedBytes: [-1, 1.5, Number.NaN, "1"],
  writeTimeoutMs: [-1, Number.NaN, "1", 2 ** 31],
  processData: ["no function"],
  onConnect: [1],
  onError: [{}],
};
const ofFramings: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>> = {
  "": { messageEnd: ["line"], maxMessageSize: [0, -1, Number.NaN] },
  WithShutdown: { maxMessageSize: [0, "1"] },
  WithTerminator: { terminator: ["", Buffer.alloc(0), 13], maxMessageSize: [1.5] },
  WithReadWrite: { maxMessageSize: [1e10, Number.POSITIVE_INFINITY] },
};
const ofClients = { timeoutMs: [-1], connectTimeoutMs: [Number.NaN], keepAlive: ["yes"], queryDone: [true] };
const ofServers = {
  idleTimeoutMs: [-5],
  messageTimeoutMs: ["soon"],
  halfOpenTimeoutMs: [Number.NaN],
  keepAlive: [1],
  onAccept: ["x"],
  serverStart: [0],
  keepRunning: [true],
};
const ofPersistent = { maxPendingMessages: [0, Number.NaN], idleTimeoutMs: [-1], connectTimeoutMs: ["x"] };

forEach(
  subjects,
  "each bad option is named, with its value, when the channel is made",
  async (t, { family, place }) => {
    const spot = await place.open();
    const framing = ofFramings[family.framing];
    const address = { ...spot.client({ host: "127.0.0.1", port: 1 }) };
    const classes = [
      ["client", ofClients, (options: Extra) => new family.Client({ ...address, ...options })],
      ["server", ofServers, (options: Extra) => new family.Server({ ...spot.server, ...options })],
      ["persistent", ofPersistent, (options: Extra) => new family.Persistent({ ...address, ...options })],
      ["handler", {}, (options: Extra) => new family.Handler(options)],
    ] as const;
    for (const [name, own, make] of classes) {
      t.notThrows(() => make({}), name);
      for (const [option, values] of Object.entries({ ...everywhere, ...framing, ...own })) {
        // A server has its own hooks, and hands onConnect on to its handlers.
        for (const value of values) {
          const error = t.throws(
            () => make({ [option]: value }),
            { code: "ERR_OPTIONS" },
            `${name} ${option} ${inspect(value)}`,
          );
          t.true(OptionsError.is(error));
          const start = `option "${option}" is ${inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY })}: `;
          t.true(error?.message.startsWith(start), error?.message);
        }
      }
    }
    for (const Class of [family.Client, family.Server, family.Persistent]) {
      for (const none of [undefined, null, "localhost:80"]) {
        t.throws(() => new Class(none as never), { code: "ERR_OPTIONS", message: /^option "options" is / });
      }
    }
    await spot.close();
  },
);

forEach(onTcp, "an address that is none is told when the channel is made, naming the option", async (t, { family }) => {
  const bad: readonly [Extra, RegExp][] = [
    [{}, /^option "port" is undefined/],
    [{ port: 65_536 }, /^option "port" is 65536/],
    [{ port: -1 }, /^option "port" is -1/],
    [{ port: "80" }, /^option "port" is '80'/],
    [{ port: 80, host: "" }, /^option "host" is ''/],
    [{ path: "" }, /^option "path" is ''/],
    [{ path: "/tmp/x", port: 1 }, /^option "port" is 1: give either port or path/],
    [{ port: 80, noDelay: "yes" }, /^option "noDelay" is 'yes'/],
    [{ port: 80, keepAliveProbeMs: -1 }, /^option "keepAliveProbeMs" is -1/],
  ];
  const expectation = (message: RegExp): { code: string; message: RegExp } => ({ code: "ERR_OPTIONS", message });
  for (const [options, message] of bad) {
    t.throws(() => new family.Client(options), expectation(message));
    t.throws(() => new family.Persistent(options), expectation(message));
    t.throws(() => new family.Server(options), expectation(message));
  }
  t.throws(() => new family.Client({ port: 0 }), expectation(/^option "port" is 0/));
  for (const [option, value] of [
    ["backlog", 0],
    ["maxConnections", 0],
    ["maxConnections", Number.NaN],
  ] as const) {
    const server = (): unknown => new family.Server({ port: 0, [option]: value });
    t.throws(server, expectation(new RegExp(`^option "${option}" is ${value}`)));
  }
});

forEach(onTcp, "what cannot be sent is an error with nothing sent, and the channel goes on", async (t, subject) => {
  await using stage = await subject.open();
  const client = stage.client({ keepAlive: true });
  const refused: readonly [unknown, string][] = [[{ a: 1 }, "ERR_OPTIONS"]];
  const framed: readonly [unknown, string][] =
    subject.family.framing === "WithTerminator" ? [...refused, ["two\r\nlines", "ERR_TERMINATOR_IN_PAYLOAD"]] : refused;
  for (const state of ["closed", "open"]) {
    for (const [data, code] of framed) {
      const error = await t.throwsAsync(client.clientCommunicate(data as string), { code }, state);
      t.is((error as ChannelError).outcome, "not-sent");
      t.throws(() => client.start(data as string), { code });
    }
    t.is(client.closed, state === "closed", "an open channel stays open, a closed one is not opened");
    await client.connect();
  }
  t.is(String(await client.clientCommunicate("fine")), "fine");
});
