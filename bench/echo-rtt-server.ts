/** A server of the comparison of asynchronous exchanges. Arguments: which framing, and a path for a Unix socket. Prints its port, or `ready`. */
import { SocketServerWithReadWrite, SocketServerWithTerminator } from "../generated/async.ts";

const [, , framing, path] = process.argv;
const address = path === undefined ? { host: "127.0.0.1", port: 0 } : { path };
const options = {
  ...address,
  processData: (data: Buffer, channel: { start(data: Buffer): void }): void => channel.start(data),
};
const server =
  framing === "terminator" ? new SocketServerWithTerminator(options) : new SocketServerWithReadWrite(options);
await server.listen();
console.log(server.address().port ?? "ready");
