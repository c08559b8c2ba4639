/**
 * A chat: everybody hears what anybody says, over persistent channels, which send and receive independently.
 *
 *     node dist/examples/chat/main.js serve [PORT]
 *     node dist/examples/chat/main.js join NAME [PORT [HOST]]      (or: nc HOST PORT, and give a name first)
 */
import { createInterface } from "node:readline";
import {
  AsyncPersistentRequestHandlerWithTerminator,
  AsyncPersistentSocketWithTerminator,
  AsyncSocketServerWithTerminator,
} from "plib-io";

const PORT = 4100;
/** What both ends have in common: lines of text. */
const lines = { terminator: "\n", encoding: "utf8", maxMessageSize: 1000 } as const;

/** Everybody who has said their name. */
const guests = new Set<Guest>();

function tellAll(line: string): void {
  for (const guest of guests) {
    try {
      guest.start(line);
    } catch {
      // Closed just now; or a guest who does not read, so that too much is queued: nobody else is to wait for that.
      void guest.close();
    }
  }
}

/** One guest, as the server sees it. */
class Guest extends AsyncPersistentRequestHandlerWithTerminator<"utf8"> {
  #name = "";

  override processData(line: string): void {
    if (this.#name === "") {
      this.#name = line;
      guests.add(this);
      tellAll(`* ${line} has come`);
    } else {
      tellAll(`${this.#name}: ${line}`);
    }
  }

  override onClose(): void {
    if (guests.delete(this)) tellAll(`* ${this.#name} has left`);
  }
}

async function serve(port: number): Promise<void> {
  const server = new AsyncSocketServerWithTerminator({ ...lines, port, maxQueuedBytes: 100_000, handler: Guest });
  process.once("SIGINT", () => void server.close({ drainTimeoutMs: 1000 }));
  await server.listen();
  console.log(`listening on port ${server.address().port}`);
  await server.serveForever();
}

async function join(name: string, port: number, host: string): Promise<void> {
  const channel = new AsyncPersistentSocketWithTerminator({ ...lines, port, host });
  await channel.connect();
  channel.start(name);
  const keyboard = createInterface({ input: process.stdin });
  keyboard.on("line", (line) => channel.start(line));
  keyboard.on("close", () => channel.finish());
  for await (const line of channel) console.log(line);
  keyboard.close();
}

const [verb, ...rest] = process.argv.slice(2);
if (verb === "serve") await serve(Number(rest[0] ?? PORT));
else if (verb === "join" && rest[0] !== undefined) await join(rest[0], Number(rest[1] ?? PORT), rest[2] ?? "localhost");
else {
  console.error("usage: serve [PORT] | join NAME [PORT [HOST]]");
  process.exitCode = 2;
}
