/** A client of the comparison of exchanges over a serial line. Arguments: which, and the path. */
import { SerialPort } from "serialport";
import { SerialClientWithTerminator as AsyncClient } from "../generated/async.ts";
import { SerialClientWithTerminator as BlockingClient } from "../generated/blocking.ts";
import { serveMeasures } from "./support/runner.ts";

const [, , which, path = ""] = process.argv;
const options = { path, baudRate: 115_200, keepAlive: true };

type Trips = (times: number, message: string) => void | Promise<void>;

function asynchronous(): Trips {
  const client = new AsyncClient(options);
  return async (times, message) => {
    for (let time = 0; time < times; time++) await client.clientCommunicate(message);
  };
}

function blocking(): Trips {
  const client = new BlockingClient(options);
  return (times, message) => {
    for (let time = 0; time < times; time++) client.clientCommunicate(message);
  };
}

/** `serialport`'s own stream, without a parser. */
async function serialport(): Promise<Trips> {
  const port = new SerialPort({ path, baudRate: options.baudRate, autoOpen: false });
  await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
  let size = 0;
  let got = 0;
  let answered: () => void = () => undefined;
  port.on("data", (bytes: Buffer) => {
    got += bytes.length;
    if (got >= size) answered();
  });
  return async (times, message) => {
    const data = Buffer.from(`${message}\r\n`);
    const ask = (resolve: () => void): void => {
      got = 0;
      answered = resolve;
      port.write(data);
    };
    size = data.length;
    for (let time = 0; time < times; time++) await new Promise<void>(ask);
  };
}

const ways: Readonly<Record<string, () => Trips | Promise<Trips>>> = { asynchronous, blocking, serialport };
await serveMeasures((await ways[which as string]?.()) as Trips);
process.exit();
