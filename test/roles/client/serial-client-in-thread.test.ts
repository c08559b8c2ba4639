import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { AsyncSerialServerWithTerminator } from "../../../generated/index.ts";
import { unlessBinding } from "../../support/serial-implementation.ts";
import { openVirtualLine } from "../../support/virtual-line.ts";

unlessBinding("it must not be used in threads")(
  "a serial client works in a worker thread, beside a server in the main thread",
  async (t) => {
    const line = await openVirtualLine();
    t.teardown(() => line.close());
    const server = new AsyncSerialServerWithTerminator({
      path: line.b,
      processData: (data, channel) => channel.start(data.toString().toUpperCase()),
    });
    await server.listen();
    t.teardown(() => server.close());
    const worker = new Worker(new URL("./serial-client-thread.js", import.meta.url), { workerData: { path: line.a } });
    const [heard] = await Promise.all([once(worker, "message"), once(worker, "exit")]);
    t.deepEqual(heard, [["ONE", "TWO"]]);
    await server.close();
  },
);
