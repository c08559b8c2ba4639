/** A client of the comparison of connections: connects, makes one exchange, closes. Arguments: which, and the address. */
import { connect } from "node:net";
import { SocketClientWithTerminator } from "../generated/blocking.ts";
import { serveMeasures } from "./support/runner.ts";

const [, , which, place = ""] = process.argv;
const address = place.startsWith("/") ? { path: place } : { host: "127.0.0.1", port: Number(place) };

function ours(times: number, message: string): void {
  const client = new SocketClientWithTerminator(address);
  for (let time = 0; time < times; time++) client.clientCommunicate(message);
}

async function net(times: number, message: string): Promise<void> {
  const data = Buffer.from(`${message}\r\n`);
  for (let time = 0; time < times; time++) {
    await new Promise<void>((resolve, reject) => {
      const socket = connect(address, () => socket.write(data));
      let got = 0;
      socket.on("error", reject);
      socket.on("data", (bytes: Buffer) => {
        got += bytes.length;
        if (got >= data.length) socket.destroy();
      });
      socket.on("close", () => resolve());
    });
  }
}

await serveMeasures(which === "net" ? net : ours);
process.exit();
