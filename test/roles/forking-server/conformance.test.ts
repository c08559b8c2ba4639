/** What every forking server does alike, whatever its framing and kind of socket; against the asynchronous clients. */
import test, { type ExecutionContext } from "ava";
import type { BlockingSocketServerWithTerminator } from "../../../generated/index.ts";
import {
  exchangingCells,
  type ChannelCell,
  type ChannelFamily,
  familyWith,
  placesOf,
} from "../../support/channel-cells.ts";
import { leavesNothing } from "../../support/channel-leaks.ts";
import type { Place } from "../../support/channel-places.ts";
import { wireOf } from "../../support/channel-subjects.ts";
import { rawConnect } from "../../support/tcp-peers.ts";
import { handler } from "./stage.ts";

type Server = BlockingSocketServerWithTerminator;
type ServerClass = new (options: object) => Server;

/** A listening server, and its address for clients. */
interface Scene {
  readonly family: ChannelFamily;
  readonly server: Server;
  readonly address: object;
}

const servers = exchangingCells.filter(
  ({ mode, role, device }) => mode === "blocking" && role === "Server" && device === "Socket",
);

const allBytes = Buffer.from(Uint8Array.from({ length: 256 }, (_, index) => index));
const messages: readonly Buffer[] = [
  Buffer.from("hello"),
  allBytes,
  Buffer.alloc(6000, "0123456789abc"),
  Buffer.alloc(10_000, Buffer.from(allBytes.toReversed())),
];

test("the servers are found", (t) => {
  t.true(servers.length >= 4, servers.map(({ className }) => className).join(", "));
});

for (const cell of servers) {
  const family = familyWith(cell.device, cell.framing);
  for (const place of placesOf(cell)) {
    const forServer = (title: string, options: object, body: (t: ExecutionContext, scene: Scene) => Promise<void>) =>
      test.serial(
        `${cell.className}, ${place.title}: ${title}`,
        leavesNothing((t) => onScene(cell, place, options, (scene) => body(t, scene))),
      );
    forServer("messages of all sizes and bytes, a connection each", {}, exchanges);
    forServer("100 clients one after another", {}, oneAfterAnother);
    forServer("30 clients at once, of whom most wait for a child", { maxChildren: 3 }, atOnce);
    if (family.boundary !== "message") continue;
    forServer("empty messages, and many on one connection", {}, series);
    forServer("bytes that drip in, and messages that come in one write", {}, pieces);
    forServer("keepAlive: false closes after one exchange", { keepAlive: false }, oneOnly);
    forServer("a decoded message is what the handler gets", { encoding: "hex" }, decoded);
  }
}

/** What a client sends: where only the request itself can tell its end, it has to. */
function requestOf({ family }: Scene, message: Buffer): Buffer {
  return family.boundary === "channel" ? Buffer.concat([message, Buffer.from("end!")]) : message;
}

async function onScene(
  { framing, device, load }: ChannelCell,
  place: Place,
  options: object,
  body: (scene: Scene) => Promise<void>,
): Promise<void> {
  const Class = (await load()) as ServerClass;
  const spot = await place.open();
  const server = new Class({ ...spot.server, minSpareChildren: 1, handler: echoOf(framing), ...options });
  try {
    await server.listen();
    await body({ family: familyWith(device, framing), server, address: spot.client(server.address()) });
  } finally {
    await server.close();
    await spot.close();
  }
}

/** The module of a handler that answers each message with the same message. */
function echoOf(framing: string): URL {
  const url = handler(framing === "" ? "echo" : "echo-framed");
  url.search = framing;
  return url;
}

async function exchanges(t: ExecutionContext, scene: Scene): Promise<void> {
  for (const message of messages) {
    const client = new scene.family.Client({ ...scene.address });
    const request = requestOf(scene, message);
    t.deepEqual(await client.clientCommunicate(request), request);
  }
  t.is(scene.server.stats().accepted, messages.length);
}

async function oneAfterAnother(t: ExecutionContext, scene: Scene): Promise<void> {
  for (let index = 0; index < 100; index++) {
    const request = requestOf(scene, Buffer.from(`client ${index}`));
    const client = new scene.family.Client({ ...scene.address });
    t.deepEqual(await client.clientCommunicate(request), request);
  }
  t.is(scene.server.stats().accepted, 100);
}

async function atOnce(t: ExecutionContext, scene: Scene): Promise<void> {
  const requests = Array.from({ length: 30 }, (_, index) => requestOf(scene, Buffer.from(`client ${index}`)));
  const replies = requests.map((request) => new scene.family.Client({ ...scene.address }).clientCommunicate(request));
  t.deepEqual(await Promise.all(replies), requests);
  t.like(scene.server.stats(), { accepted: 30, dropped: 0, crashed: 0 });
}

async function series(t: ExecutionContext, { family, server, address }: Scene): Promise<void> {
  const client = new family.Client({ ...address, keepAlive: true });
  for (const request of ["", ...messages.map(String), ""]) {
    t.is(String(await client.clientCommunicate(request)), request);
  }
  await client.close();
  t.is(server.stats().accepted, 1);
}

async function pieces(t: ExecutionContext, { family, address }: Scene): Promise<void> {
  const wire = wireOf(family, "one", "", "three");
  await using raw = await rawConnect(address);
  raw.socket.write(wire);
  t.is(await raw.until(wire), wire);
  await using slow = await rawConnect(address);
  await slow.drip(wire);
  t.is(await slow.until(wire), wire);
  slow.socket.end();
  t.is(await slow.ended, wire);
}

async function oneOnly(t: ExecutionContext, { family, address }: Scene): Promise<void> {
  await using raw = await rawConnect(address);
  const [one, both] = [wireOf(family, "one"), wireOf(family, "one", "two")];
  raw.socket.write(both);
  t.is(await raw.ended, one, "the answer arrives although the request after it is not read");
}

async function decoded(t: ExecutionContext, { family, address }: Scene): Promise<void> {
  const client = new family.Client({ ...address });
  t.is(String(await client.clientCommunicate("hi")), "6869");
}
