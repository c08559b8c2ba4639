/**
 * The servers that `forking` compares, each in a process of its own: as many processes serve, and each answers a line with
 * the same line. The first argument says which, the second how many processes. Writes the port.
 */
import cluster from "node:cluster";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { BlockingSocketServerWithTerminator } from "../generated/index.ts";

const [which, count] = process.argv.slice(2);
const processes = Number(count);

async function ours(): Promise<void> {
  const server = new BlockingSocketServerWithTerminator({
    host: "127.0.0.1",
    port: 0,
    handler: new URL("./forking.handler.js", import.meta.url),
    minSpareChildren: processes,
    maxChildren: processes,
    maxRequestsPerChild: 0,
  });
  await server.listen();
  // What the children need for their start is no part of the comparison.
  while (server.stats().children.idle < processes) await new Promise((resolve) => setTimeout(resolve, 20));
  console.log(server.address().port);
}

async function primary(): Promise<void> {
  const workers = Array.from({ length: processes }, () => cluster.fork());
  const ports = await Promise.all(workers.map(async (each) => ((await once(each, "message")) as [number])[0]));
  console.log(ports[0]);
}

function worker(): void {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.once("data", (line) => socket.end(line));
    socket.on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
}

// Whoever compares ends this process by ending its input.
process.stdin.on("end", () => process.exit()).resume();
if (cluster.isWorker) worker();
else if (which === "cluster") await primary();
else await ours();
