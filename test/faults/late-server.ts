/** A process that listens at once, on TCP or a path, and accepts only after a while: it then answers each line with itself. */
import { type AddressInfo, createServer } from "node:net";

const [blockedMs = "0", path] = process.argv.slice(2);
const server = createServer((socket) => {
  socket.on("error", () => undefined);
  socket.pipe(socket);
});
const target = path === undefined ? { port: 0, host: "127.0.0.1" } : { path };
server.listen({ ...target, backlog: 1 }, () => {
  const address = server.address() as AddressInfo | string;
  process.send?.(typeof address === "string" ? 0 : address.port, () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(blockedMs));
  });
});
process.on("disconnect", () => process.exit());
