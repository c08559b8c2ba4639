/**
 * A class of a user may have members of any name that is not published: nothing internal is reachable by a plain name, and
 * members of such names disturb no exchange.
 */
import { EventEmitter } from "node:events";
import test, { type ExecutionContext } from "ava";
import { cells, type ChannelCell, type Extra, familyWith, type ServerClass } from "../support/channel-cells.ts";
import { gate } from "../support/channel-gates.ts";
import { leavesNothing } from "../support/channel-leaks.ts";
import {
  internalNames,
  type MemberKind,
  prototypesOf,
  publishedNames,
  withMembers,
} from "../support/channel-members.ts";
import { type Place, places, type Spot } from "../support/channel-places.ts";
import { endScripts, runScript, startScripts } from "../support/channel-script-runner.ts";
import { echo } from "../support/channel-stage.ts";
import { event, keepLines, subjects } from "../support/channel-subjects.ts";
import { isOverBinding } from "../support/serial-implementation.ts";

await keepLines();
// Blocking mode needs the system's own calls.
const blocking = cells.filter(({ mode }) => mode === "blocking" && !isOverBinding);
startScripts(blocking);
test.after.always(() => endScripts());

/** The names that a class has and that are not published; those of `EventEmitter` are Node.js's own. */
function hiddenNames(Class: { prototype: object }): string[] {
  const published = publishedNames(Class);
  return prototypesOf(Class)
    .flatMap((at) => Object.getOwnPropertyNames(at))
    .filter((name) => name !== "constructor" && !published.has(name) && !(name in EventEmitter.prototype));
}

test("no class has a member by a plain name that is not published", async (t) => {
  t.true(internalNames.includes("fault"));
  for (const cell of cells) {
    const Class = (await cell.load()) as { prototype: object };
    t.true(publishedNames(Class).has("close"), cell.className);
    t.deepEqual(hiddenNames(Class), [], cell.className);
  }
});

/** Registers a test for fields and one for methods. */
function forMembers(title: string, body: (t: ExecutionContext, kind: MemberKind) => Promise<void>): void {
  for (const kind of ["fields", "methods"] as const) {
    test.serial(
      `${title}: an exchange of classes with ${kind} of internal names`,
      leavesNothing((t) => body(t, kind)),
    );
  }
}

/** Options with which both ends exchange one message, whatever the framing. */
function exchangeOptions(framing: string, { isLine }: Place): { client: Extra; server: Extra } {
  const isBasicLine = framing === "" && isLine === true;
  return { client: isBasicLine ? { messageEnd: "read" } : {}, server: isLine === true ? { keepAlive: true } : {} };
}

for (const { title, family, place } of subjects) {
  forMembers(title, async (t, kind) => {
    const options = exchangeOptions(family.framing, place);
    const Echo = class extends withMembers(family.Handler, kind) {
      override processData(data: Buffer): void {
        this.start(data);
      }
    };
    for (const answer of [{ handler: Echo }, { processData: echo }]) {
      await onServer(place, withMembers(family.Server, kind), { ...options.server, ...answer }, async (address) => {
        const client = new (withMembers(family.Client, kind))({ ...address, ...options.client });
        t.is(String(await client.clientCommunicate("hello")), "hello");
        await client.close();
      });
    }
    const persistent = { handler: withMembers(family.PersistentHandler, kind) };
    await onServer(place, withMembers(family.Server, kind), persistent, async (address) => {
      const channel = new (withMembers(family.Persistent, kind))({ ...address, onError: () => undefined });
      await channel.connect();
      channel.start("to nobody");
      await channel.drain();
      const closed = event(channel, "close");
      await channel.close();
      await closed;
    });
  });
}

async function onServer(
  place: Place,
  Server: ServerClass,
  options: Extra,
  body: (address: Extra) => Promise<void>,
): Promise<void> {
  const spot: Spot = await place.open();
  const server = new Server({ ...spot.server, ...options });
  try {
    await server.listen();
    await body(spot.client(server.address()));
  } finally {
    await server.close();
    await spot.close();
  }
}

const placeOf = ({ device }: ChannelCell): Place => places.find((place) => place.device === device) as Place;

for (const cell of blocking.filter(({ role }) => role === "Client")) {
  const family = familyWith(cell.device, cell.framing);
  const place = placeOf(cell);
  const options = exchangeOptions(cell.framing, place);
  forMembers(cell.className, async (t, members) => {
    await onServer(place, family.Server, { ...options.server, processData: echo }, async (address) => {
      const input = { requests: ["hello"], members };
      const { replies } = await runScript(cell, { ...address, ...options.client }, "exchangeWithMembers", input);
      t.deepEqual(replies.map(String), ["hello"]);
    });
  });
}

for (const cell of blocking.filter(({ role, device }) => role === "Server" && device === "Serial")) {
  const place = placeOf(cell);
  const options = exchangeOptions(cell.framing, place);
  forMembers(cell.className, async (t, members) => {
    const spot = await place.open();
    const isOpen = gate();
    const input = { last: "quit", how: "finish", members } as const;
    const serving = runScript(cell, { ...spot.server, ...options.server }, "serve", input, () => isOpen.open());
    await Promise.race([isOpen.passed, serving]);
    const client = new (familyWith(cell.device, cell.framing).Client)({
      ...spot.client({ path: "" }),
      ...options.client,
    });
    t.is(String(await client.clientCommunicate("quit")), "quit");
    t.is((await serving).seen.length, 1);
    await client.close();
    await spot.close();
  });
}

for (const cell of blocking.filter(({ role, device }) => role === "Server" && device === "Socket")) {
  forMembers(cell.className, async (t, members) => {
    const Server = withMembers((await cell.load()) as ServerClass, members);
    const query = new URLSearchParams({ framing: cell.framing, members });
    const handler = new URL(`./forking-server/handlers/members.handler.js?${query.toString()}`, import.meta.url);
    await onServer(placeOf(cell), Server, { handler, minSpareChildren: 1 }, async (address) => {
      const client = new (familyWith(cell.device, cell.framing).Client)(address);
      t.is(String(await client.clientCommunicate("hello")), "hello");
      await client.close();
    });
  });
}
