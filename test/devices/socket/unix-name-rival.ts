/** Listens on the path that it is given, tells its parent what came of it, and closes when the parent disconnects. */
import { AsyncSocketServerWithTerminator } from "../../../generated/index.ts";
import type { ServerError } from "../../../src/errors.ts";

const server = new AsyncSocketServerWithTerminator({
  path: process.argv[2] as string,
  processData: (_, channel) => channel.start("rival"),
});
try {
  await server.listen();
  process.send?.("listening");
} catch (error) {
  process.send?.((error as ServerError).code);
}
process.on("disconnect", () => void server.close());
