/** A process with few descriptors. It serves, and tells its parent of every change in the number of its connections. */
import { familyWith } from "../support/channel-cells.ts";
import { echo } from "../support/channel-stage.ts";

const { Server } = familyWith("Socket", "WithTerminator");
// The parent may disconnect at the same time: what it does not want to hear any more is no error here.
const ignore = (): void => undefined;
const tell = (): void => {
  if (process.connected) process.send?.({ port: server.address().port, ...server.stats() }, undefined, {}, ignore);
};
const server = new Server({ host: "127.0.0.1", port: 0, processData: echo, onAccept: tell, onClose: tell });
server.on("drop", tell);
server.on("listening", tell);
await server.listen();
process.on("disconnect", () => void server.close());
