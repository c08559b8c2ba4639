/**
 * A smoke test of `src/system` that needs nothing but Node.js, for emulators: prints a line for each check, and ends with
 * status 1 if one fails. A call that the emulator does not have is reported as `ENOSYS`, and is no failure.
 */
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { SocketClientWithTerminator } from "../../generated/blocking.ts";
import { duplicate, waitReadable, waitWritable } from "../../src/system/descriptors.ts";
import { systemLibrary, whyNoSystemLibrary } from "../../src/system/library.ts";
import { ownSocketCalls } from "../../src/system/socket-calls.ts";
import { socketEnd } from "../../src/system/socket-address.ts";
import { connectSocket } from "../../src/system/socket-connect.ts";
import { halfClose, receive, reset, sendSome } from "../../src/system/sockets.ts";
import { dropInput, lockExclusively, setTerminalSettings, terminalSettings } from "../../src/system/terminal.ts";

const PATIENCE_MS = 60_000;

async function check(name: string, work: () => unknown): Promise<void> {
  try {
    if ((await work()) === false) throw new Error("not so");
    console.log(`ok ${name}`);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOSYS";
    console.log(`${isMissing ? "ENOSYS" : "failed"} ${name}: ${(error as Error).message}`);
    if (!isMissing) process.exitCode = 1;
  }
}

function inVain(wait: () => unknown, ms: number): boolean {
  const start = performance.now();
  return !wait() && performance.now() - start >= ms;
}

console.log(`${process.platform} ${process.arch}, Node.js ${process.version}`);
await check("the C library is loaded", () => {
  if (systemLibrary() === undefined) throw new Error(whyNoSystemLibrary());
});

const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;
const accepted = once(server, "connection");
const fd = connectSocket({ family: 4, host: "127.0.0.1", port }, true, performance.now() + PATIENCE_MS) as number;
const [peer] = (await accepted) as [Socket];
peer.on("error", () => undefined);

await check(
  "both ends are known",
  () => socketEnd(fd, "remote").port === port && socketEnd(fd, "local").port === peer.remotePort,
);
await check("nothing to read yet", () => receive(fd) === undefined);
await check("a wait ends in time", () => inVain(() => waitReadable(fd, 150), 150));
await check("bytes are written", () => waitWritable(fd, PATIENCE_MS) && sendSome(fd, Buffer.from("hello")) === 5);
await new Promise((resolve) => peer.write("reply", resolve));
await check("bytes are read", () => waitReadable(fd, PATIENCE_MS) && receive(fd)?.toString() === "reply");
const second = duplicate(fd);
const { receiveWithin } = ownSocketCalls(second);
await check("a read in recv itself ends in time", () => inVain(() => receiveWithin(second, 250), 250));
await new Promise((resolve) => peer.write("again", resolve));
await check("a read in recv itself brings bytes", () => receiveWithin(second, PATIENCE_MS)?.toString() === "again");
await check("the sending side is closed", () => halfClose(fd));
reset(second);
closeSync(fd);
peer.destroy();
server.close();

const file = openSync(process.execPath, "r");
const other = openSync(process.execPath, "r");
await check("a lock excludes another", () => lockExclusively(file) && !lockExclusively(other));
const terminal = openSync("/dev/ptmx", "r+");
await check("a terminal is read and set", () => setTerminalSettings(terminal, terminalSettings(terminal)));
await check("a terminal is flushed", () => dropInput(terminal));
for (const open of [file, other, terminal]) closeSync(open);

const echo = new Worker(
  `const { createServer } = require("node:net");
   const server = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1", () =>
     require("node:worker_threads").parentPort.postMessage(server.address().port));`,
  { eval: true },
);
const [echoPort] = (await once(echo, "message")) as [number];
for (const host of ["127.0.0.1", "localhost"]) {
  await check(`blocking calls to ${host}`, () => {
    using client = new SocketClientWithTerminator({ host, port: echoPort, keepAlive: true, timeoutMs: PATIENCE_MS });
    return ["one", "two", "three"].every((text) => client.clientCommunicate(text).toString() === text);
  });
}
await echo.terminate();
