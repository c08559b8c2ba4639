/**
 * A class of a user may have members of any name that is not published: nothing internal is reachable by a plain name, and
 * members of names that were internal once disturb no exchange.
 */
import { EventEmitter } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import test from "ava";
import { cells, families } from "../support/channel-cells.ts";
import { echo } from "../support/channel-stage.ts";
import { event, forEach, keepLines, seriesOnSockets } from "../support/channel-subjects.ts";

await keepLines();

const dist = new URL("../../", import.meta.url);

/** The names of all members in the published declarations of modes and roles. */
function publishedNames(): Set<string> {
  const names = new Set<string>();
  for (const folder of ["src/modes/", "src/roles/"]) {
    for (const file of readdirSync(new URL(folder, dist), { encoding: "utf8", recursive: true }).filter((each) =>
      each.endsWith(".d.ts"),
    )) {
      const text = readFileSync(new URL(folder + file, dist), "utf8");
      const member =
        /^ {4}(?:(?:static|protected|abstract|readonly|get|declare|override) )*(?<name>[A-Za-z]\w*)\??[(<:]/gm;
      for (const { groups } of text.matchAll(member)) names.add(groups?.["name"] as string);
    }
  }
  return names;
}

/** The names that a class has and that are not published; those of `EventEmitter` are Node.js's own. */
function hiddenNames(Class: { prototype: object }, published: ReadonlySet<string>): string[] {
  const hidden = new Set<string>();
  for (let at = Class.prototype; at !== Object.prototype && at !== EventEmitter.prototype;) {
    for (const name of Object.getOwnPropertyNames(at)) {
      if (!published.has(name) && name !== "constructor" && !(name in EventEmitter.prototype)) hidden.add(name);
    }
    at = Object.getPrototypeOf(at) as object;
  }
  return [...hidden];
}

test("no asynchronous class has a member by a plain name that is not published", async (t) => {
  const published = publishedNames();
  t.true(published.has("processData"));
  for (const cell of cells.filter((each) => each.mode === "async")) {
    t.deepEqual(hiddenNames((await cell.load()) as { prototype: object }, published), [], cell.className);
  }
  t.true(families.length > 0);
});

/** Names that were internal once, or might be. */
const NAMES =
  "settings connection fault unhandled adopt released tellConnected tellClosed tellDrained isDoneByDefault isAsked guard inbox opener hooks state life limits attach serve".split(
    " ",
  );

/** A subclass with a method of each name, or with a field. */
function withMembers<Class extends abstract new (...args: never) => object>(
  Base: Class,
  kind: "fields" | "methods",
): Class {
  const fail = (): never => {
    throw new Error("a member of the user was called");
  };
  const Members = class extends (Base as unknown as new (...args: unknown[]) => object) {
    constructor(...args: unknown[]) {
      super(...args);
      if (kind === "fields")
        for (const name of NAMES) Object.defineProperty(this, name, { value: "mine", writable: true });
    }
  };
  if (kind === "methods") for (const name of NAMES) Object.defineProperty(Members.prototype, name, { value: fail });
  return Members as unknown as Class;
}

for (const kind of ["fields", "methods"] as const) {
  forEach(seriesOnSockets, `exchanges of classes with ${kind} of such names`, async (t, { family, place }) => {
    const spot = await place.open();
    const Echo = class extends withMembers(family.Handler, kind) {
      override processData(data: Buffer): void {
        this.start(data);
      }
    };
    const servers = [
      { handler: Echo },
      { handler: withMembers(family.PersistentHandler, kind) },
      { processData: echo },
    ];
    for (const options of servers) {
      const Server = withMembers(family.Server, kind);
      const server = new Server({ ...spot.server, ...options });
      await server.listen();
      const address = spot.client(server.address());
      if (!("handler" in options && options.handler !== Echo)) {
        const client = new (withMembers(family.Client, kind))(address);
        t.is(String(await client.clientCommunicate("hello")), "hello");
        await client.close();
        // A serial server has done its work when its line is closed.
        await server.listen();
      }
      const Persistent = withMembers(family.Persistent, kind);
      const channel = new Persistent({ ...spot.client(server.address()), onError: () => undefined });
      await channel.connect();
      channel.start("to nobody");
      await channel.drain();
      const closed = event(channel, "close");
      await channel.close();
      await closed;
      await server.close();
    }
    await spot.close();
  });
}
