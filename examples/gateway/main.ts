/**
 * A gateway: what is said on a serial line goes to everybody who is connected over TCP, and what they say goes onto the
 * line. Line by line, so that what two of them say at once is never mixed.
 *
 *     node dist/examples/gateway/main.js SERIAL-PORT [TCP-PORT [BAUD]]
 */
import {
  AsyncPersistentRequestHandlerWithTerminator,
  AsyncPersistentSerialWithTerminator,
  AsyncSocketServerWithTerminator,
} from "plib-io";

const [path, port = "4200", baudRate = "9600"] = process.argv.slice(2);
if (path === undefined) {
  console.error("usage: SERIAL-PORT [TCP-PORT [BAUD]]");
  process.exit(2);
}

const serial = new AsyncPersistentSerialWithTerminator({ path, baudRate: Number(baudRate) });

/** One connection over TCP. */
class Connection extends AsyncPersistentRequestHandlerWithTerminator {
  /** The next line of this connection waits until this one is on the wire: so TCP itself slows a fast sender down. */
  override async processData(line: Buffer): Promise<void> {
    serial.start(line);
    await serial.drain();
  }
}

const server = new AsyncSocketServerWithTerminator({
  port: Number(port),
  maxQueuedBytes: 100_000,
  handler: Connection,
  onError: (error) => console.error(`${error.code}: ${error.message}`),
});

await serial.connect();
await server.listen();
console.log(`${path} is on TCP port ${server.address().port}`);
process.once("SIGINT", () => serial.finish());

try {
  for await (const line of serial) {
    for (const connection of server.channels) {
      try {
        connection.start(line);
      } catch {
        // Closed just now; or it does not read what it gets, so that too much is queued.
        void connection.close();
      }
    }
  }
} catch (error) {
  console.error(`the serial line is lost: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
await server.close({ drainTimeoutMs: 1000 });
