/** A smoke test of every class that there is: its messages arrive at the other end, and the answers come back. */
import { once } from "node:events";
import test from "ava";
import { allCells, allFamilies, type ChannelCell, familyWith } from "../support/channel-cells.ts";
import { gate } from "../support/channel-gates.ts";
import { leavesNothing } from "../support/channel-leaks.ts";
import { openPair } from "../support/channel-pairs.ts";
import { places } from "../support/channel-places.ts";
import { endScripts, runScript, startScripts } from "../support/channel-script-runner.ts";
import { countingEcho, echo, openStage } from "../support/channel-stage.ts";
import { keepLines } from "../support/channel-subjects.ts";
import { openVirtualLine } from "../support/virtual-line.ts";

/** Messages that every framing carries. */
const requests = ["hello", "world", "again"];

await keepLines();
startScripts(allCells);
test.after.always(() => endScripts());

const placeOf = (device: string): (typeof places)[number] =>
  places.find((place) => place.device === device) as (typeof places)[number];

test("there are hundreds", (t) => {
  t.true(allCells.length > 170, `${allCells.length}`);
});

for (const cell of allCells.filter(({ role }) => role === "Client")) {
  test.serial(
    `${cell.className} asks an asynchronous server`,
    leavesNothing(async (t) => {
      const family = familyWith(cell.device, cell.framing);
      const isWhole = family.boundary === "message";
      const server = isWhole ? { processData: echo } : countingEcho(requests.map(({ length }) => length));
      await using stage = await openStage(family, placeOf(cell.device), { server, onClose: "hang-up" });
      const sent = isWhole ? requests : requests.slice(0, 1);
      const { replies } = await runScript(cell, { ...stage.address, keepAlive: isWhole }, "exchange", sent);
      t.deepEqual(replies.map(String), sent);
    }),
  );
}

for (const family of allFamilies) {
  test.serial(
    `${family.title}: two persistent channels`,
    leavesNothing(async (t) => {
      const subject = {
        title: family.title,
        family,
        place: placeOf(family.device),
        open: () => Promise.reject(new Error()),
      };
      await using pair = await openPair(subject, {}, {});
      const count = family.boundary === "message" ? requests.length : 1;
      for (const request of requests.slice(0, count)) {
        const arrived = once(pair.far, "message");
        pair.near.start(request);
        if (family.boundary === "half-close") pair.near.finish();
        const [message] = (await arrived) as [Buffer];
        t.is(message.toString(), request);
      }
    }),
  );
}

for (const cell of allCells.filter(
  ({ role, device, mode }) => role === "Server" && device === "Serial" && mode === "blocking",
)) {
  test.serial(
    `${cell.className} answers an asynchronous client`,
    leavesNothing(async (t) => {
      const line = await openVirtualLine();
      const isOpen = gate();
      const last = requests.at(-1) as string;
      const options = { path: line.b, keepAlive: true };
      const serving = runScript(cell, options, "serve", { last, how: "finish" }, () => isOpen.open());
      await Promise.race([isOpen.passed, serving]);
      const { Client } = familyWith(cell.device, cell.framing);
      const client = new Client({ path: line.a, keepAlive: true, ...(cell.framing === "" && { messageEnd: "read" }) });
      for (const request of requests) t.is(String(await client.clientCommunicate(request)), request);
      t.deepEqual((await serving).seen.map(String), requests);
      await client.close();
      await line.close();
    }),
  );
}

/** The modules of handlers in child processes; see there. */
function echoOf(framing: string): URL {
  const url = new URL("./forking-server/handlers/echo-framed.handler.js", import.meta.url);
  url.search = framing;
  return url;
}

const forking = allCells.filter(
  ({ role, device, mode }) => role === "Server" && device === "Socket" && mode === "blocking",
);
for (const cell of forking.filter(({ framing }) => framing !== "")) {
  test.serial(
    `${cell.className} answers an asynchronous client from a child process`,
    leavesNothing(async (t) => {
      const Server = (await cell.load()) as ForkingServerClass;
      const family = familyWith(cell.device, cell.framing);
      const server = new Server({ host: "127.0.0.1", port: 0, minSpareChildren: 1, handler: echoOf(cell.framing) });
      try {
        await server.listen();
        const client = new family.Client({ host: "127.0.0.1", port: server.address().port, keepAlive: true });
        const sent = family.boundary === "message" ? requests : requests.slice(0, 1);
        for (const request of sent) t.is(String(await client.clientCommunicate(request)), request);
        await client.close();
      } finally {
        await server.close();
      }
    }),
  );
}

/** A server of the blocking mode on sockets, whatever its framing. */
type ForkingServerClass = new (options: object) => {
  listen(): Promise<void>;
  address(): { port: number };
  close(): Promise<void>;
};

test("every class is in one of the tests above, or is a handler or a server that they talk to", (t) => {
  const tested = (cell: ChannelCell): boolean =>
    ["Client", "Server", "PersistentRequestHandler", "BaseRequestHandler"].includes(cell.role) ||
    cell.role.startsWith("Persistent");
  t.deepEqual(
    allCells.filter((cell) => !tested(cell)).map(({ className }) => className),
    [],
  );
});
