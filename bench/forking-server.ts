/**
 * The servers that `forking` compares with each other: so many processes, each of which answers a line with the same line.
 * The first argument says which, the second how many processes. Prints the port when all are ready.
 */
import cluster, { type Worker } from "node:cluster";
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
  while (server.stats().children.idle < processes) await new Promise((resolve) => setTimeout(resolve, 20));
  console.log(server.address().port);
}

async function primary(): Promise<void> {
  const portOf = async (worker: Worker): Promise<unknown> => ((await once(worker, "message")) as [number])[0];
  const ports = await Promise.all(Array.from({ length: processes }, () => portOf(cluster.fork())));
  console.log(ports[0]);
}

function serveAsWorker(): void {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.once("data", (line) => socket.end(line));
    socket.on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
}

if (cluster.isWorker) serveAsWorker();
else if (which === "cluster") await primary();
else await ours();
