/** Faults that concern a whole process: errors that nobody hears, and a lack of descriptors. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import test from "ava";
import { familyWith } from "../support/channel-cells.ts";
import { rawConnect, rawServer } from "../support/tcp-peers.ts";

interface Ending {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

function run(file: string, args: readonly string[]): Promise<Ending> {
  return new Promise((resolve) => {
    execFile(file, [...args], (error, out, err) =>
      resolve({ status: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

const lonely = fileURLToPath(new URL("./lonely.js", import.meta.url));
const fewDescriptors = fileURLToPath(new URL("./few-descriptors.js", import.meta.url));

test("a persistent channel whose fault nobody hears throws it, as an `error` event without listeners does", async (t) => {
  await using server = await rawServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
  const { status, err } = await run(process.execPath, [lonely, "persistent", `${server.address.port}`]);
  t.is(status, 1);
  t.regex(err, /ERR_CONNECTION_RESET/);
  t.regex(err, /Emitted 'error' event|Unhandled 'error' event|throw er/);
});

test("a client that loses its connection between two calls throws the fault that nobody hears", async (t) => {
  await using server = await rawServer((socket) => {
    socket.once("data", () => {
      socket.write("reply\r\n");
      socket.once("data", () => socket.resetAndDestroy());
    });
  });
  const { status, err } = await run(process.execPath, [lonely, "client", `${server.address.port}`]);
  t.is(status, 1);
  t.regex(err, /ERR_CONNECTION_RESET/);
});

test("what onError of a server throws is an uncaught exception, and the server closes all the same", async (t) => {
  const { status, out } = await run(process.execPath, [lonely, "uncaught", "1"]);
  t.deepEqual([status, out.trim().split("\n").toSorted()], [0, ["closed true", "uncaught second"]]);
});

const onLinux = process.platform === "linux" ? test : test.skip;
for (const count of [1, 2]) {
  const title = `without descriptors left, connections of ${count} servers are dropped and counted, and accepting resumes`;
  onLinux(title, async (t) => {
    const script = 'ulimit -n 96; exec "$0" "$1" "$2"';
    const args = ["-c", script, process.execPath, fewDescriptors, String(count)];
    const child = spawn("sh", args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    t.teardown(() => child.kill());
    let told: Told = { ports: [], open: 0, accepted: 0, dropped: 0 };
    child.on("message", (stats: Told) => {
      told = stats;
    });
    const until = async (isSo: (stats: Told) => boolean): Promise<Told> => {
      while (!isSo(told)) await once(child, "message");
      return told;
    };
    const { ports } = await until((stats) => stats.ports.length === count);
    const addresses = ports.map((port) => ({ host: "127.0.0.1", port }));
    const all = Array.from({ length: 50 }, () => addresses).flat();
    const clients = await Promise.all([...all, ...all].slice(0, 100).map((address) => rawConnect(address)));
    const { accepted, dropped } = await until((stats) => stats.accepted + stats.dropped === clients.length);
    t.true(accepted > 0 && dropped > 0, `${accepted} accepted, ${dropped} dropped`);
    for (const { socket } of clients) socket.destroy();
    await until((stats) => stats.open === 0);
    const { Client } = familyWith("Socket", "WithTerminator");
    for (const address of addresses)
      t.is(String(await new Client(address).clientCommunicate("still here")), "still here");
    const ended = once(child, "exit");
    child.disconnect();
    t.deepEqual(await ended, [0, null]);
  });
}

/** What the process with few descriptors tells. */
interface Told {
  readonly ports: readonly number[];
  readonly open: number;
  readonly accepted: number;
  readonly dropped: number;
}
