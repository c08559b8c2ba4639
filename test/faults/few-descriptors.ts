/** A process with few descriptors. Its servers tell its parent of every change in the number of their connections. */
import { familyWith } from "../support/channel-cells.ts";
import { echo } from "../support/channel-stage.ts";

const { Server } = familyWith("Socket", "WithTerminator");
// The parent may disconnect at the same time: what it does not want to hear any more is no error here.
const ignore = (): void => undefined;
const tell = (): void => {
  if (!process.connected) return;
  const listening = servers.filter((server) => !server.closed);
  const sum = (name: "open" | "accepted" | "dropped"): number =>
    servers.reduce((total, server) => total + server.stats()[name], 0);
  const counts = { open: sum("open"), accepted: sum("accepted"), dropped: sum("dropped") };
  process.send?.({ ports: listening.map((server) => server.address().port), ...counts }, undefined, {}, ignore);
};
const servers = Array.from({ length: Number(process.argv[2]) }, () => {
  const server = new Server({ host: "127.0.0.1", port: 0, processData: echo, onAccept: tell, onClose: tell });
  server.on("drop", tell);
  return server;
});
for (const server of servers) await server.listen();
tell();
process.on("disconnect", () => {
  for (const server of servers) void server.close();
});
