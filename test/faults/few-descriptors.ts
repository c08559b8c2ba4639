/** A process with few descriptors. It serves, and tells its parent of every change in the number of its connections. */
import { familyWith } from "../support/channel-cells.ts";
import { echo } from "../support/channel-stage.ts";

const { Server } = familyWith("Socket", "WithTerminator");
const tell = (): void => void (process.connected && process.send?.({ port: server.address().port, ...server.stats() }));
const server = new Server({ host: "127.0.0.1", port: 0, processData: echo, onAccept: tell, onClose: tell });
server.on("drop", tell);
server.on("listening", tell);
await server.listen();
process.on("disconnect", () => void server.close());
