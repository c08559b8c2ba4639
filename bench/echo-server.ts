/** Sends back what comes in, with nothing but `node:net`; what starts with `slow` after 5 ms. Prints its port, or `ready`. */
import { createServer } from "node:net";

/** How long a slow answer takes. */
const SLOW_MS = 5;
const SLOW_BYTE = "s".codePointAt(0);

const [, , path] = process.argv;
const server = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => undefined);
  socket.on("data", (bytes: Buffer) => {
    if (bytes[0] === SLOW_BYTE) setTimeout(() => socket.write(bytes), SLOW_MS);
    else socket.write(bytes);
  });
});
server.listen(path === undefined ? { host: "127.0.0.1", port: 0 } : { path }, () => {
  const address = server.address();
  console.log(typeof address === "object" && address !== null ? address.port : "ready");
});
