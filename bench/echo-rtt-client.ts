/** A client of the comparison of asynchronous exchanges. Arguments: which, and the port or path. */
import { once } from "node:events";
import { connect } from "node:net";
import { SocketClientWithReadWrite, SocketClientWithTerminator } from "../generated/async.ts";
import { serveMeasures } from "./support/runner.ts";

const [, , which, where] = process.argv;
const isPort = /^\d+$/.test(where ?? "");
const address = isPort ? { host: "127.0.0.1", port: Number(where) } : { path: where as string };

type Trips = (times: number, message: string) => Promise<void>;

async function net(): Promise<Trips> {
  const socket = connect({ ...address, noDelay: true });
  await once(socket, "connect");
  let size = 0;
  let got = 0;
  let answered: () => void = () => undefined;
  socket.on("data", (bytes: Buffer) => {
    got += bytes.length;
    if (got >= size) answered();
  });
  return async (times, message) => {
    const data = Buffer.from(`${message}\r\n`);
    const ask = (resolve: () => void): void => {
      got = 0;
      answered = resolve;
      socket.write(data);
    };
    size = data.length;
    for (let time = 0; time < times; time++) await new Promise<void>(ask);
  };
}

function ours(Client: typeof SocketClientWithTerminator | typeof SocketClientWithReadWrite): Trips {
  const client = new Client({ ...address, keepAlive: true });
  return async (times, message) => {
    for (let time = 0; time < times; time++) await client.clientCommunicate(message);
  };
}

const ways: Readonly<Record<string, () => Trips | Promise<Trips>>> = {
  net,
  terminator: () => ours(SocketClientWithTerminator),
  "read-write": () => ours(SocketClientWithReadWrite),
};
await serveMeasures((await ways[which as string]?.()) as Trips);
process.exit();
