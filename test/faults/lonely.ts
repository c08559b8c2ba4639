/** A process in which something fails and nobody listens. What it prints tells how that ends. */
import { familyWith } from "../support/channel-cells.ts";

const [what, port] = process.argv.slice(2);
const { Client, Persistent, Server } = familyWith("Socket", "WithTerminator");
const address = { host: "127.0.0.1", port: Number(port) };

if (what === "uncaught") process.once("uncaughtException", (error) => console.log(`uncaught ${error.message}`));

/** A persistent channel that loses its connection. */
async function losePersistent(): Promise<void> {
  const channel = new Persistent(address);
  await channel.connect();
  channel.start("reset me");
}

/** A client that loses its connection between two calls. */
async function loseClient(): Promise<void> {
  const client = new Client({ ...address, keepAlive: true });
  await client.clientCommunicate("first");
  client.start("reset me");
}

/** An error that `onError` throws. */
async function failTwice(): Promise<void> {
  const server = new Server({
    host: "127.0.0.1",
    port: 0,
    processData() {
      throw new Error("first");
    },
    onError() {
      throw new Error("second");
    },
  });
  await server.listen();
  const client = new Client({ host: "127.0.0.1", port: server.address().port });
  await client.clientCommunicate("x").catch(() => undefined);
  await server.close();
  console.log(`closed ${server.closed}`);
}

const acts: Readonly<Record<string, () => Promise<void>>> = {
  persistent: losePersistent,
  client: loseClient,
  uncaught: failTwice,
};
await acts[what ?? ""]?.();
