/** A process that listens and never accepts: once its backlog is full, connecting to it takes for ever. */
import { type AddressInfo, createServer } from "node:net";

const server = createServer();
server.listen(0, "127.0.0.1", 1, () => {
  process.send?.((server.address() as AddressInfo).port, () => {
    // The test kills it; if it cannot, this process ends by itself.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
    process.exit();
  });
});
