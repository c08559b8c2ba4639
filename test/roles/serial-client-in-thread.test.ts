import { once } from "node:events";
import { Worker } from "node:worker_threads";
import test from "ava";
import { AsyncSerialServerWithTerminator } from "../../generated/index.ts";
import { openVirtualLine } from "../support/virtual-line.ts";

test("a serial client works in a worker thread, beside a server in the main thread", async (t) => {
  const line = await openVirtualLine();
  const server = new AsyncSerialServerWithTerminator({
    path: line.b,
    processData: (data, channel) => channel.start(data.toString().toUpperCase()),
  });
  await server.listen();
  const worker = new Worker(new URL("./serial-client-thread.js", import.meta.url), { workerData: { path: line.a } });
  const [heard] = await Promise.all([once(worker, "message"), once(worker, "exit")]);
  t.deepEqual(heard, [["ONE", "TWO"]]);
  await server.close();
  await line.close();
});
