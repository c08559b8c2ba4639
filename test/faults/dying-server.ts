/** A process that listens on a Unix socket, to be killed so that the socket file stays behind. */
import { createServer } from "node:net";

createServer().listen(process.argv[2], () => process.send?.("listening"));
