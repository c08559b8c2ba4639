/** What runs in a child of a process server: loads the handler, then serves one connection after another. */
import type { Socket } from "node:net";
import { deserialize } from "node:v8";
import { Worker } from "node:worker_threads";
import { ServerError } from "../errors.ts";
import { type Servable, serve } from "../modes/serving.ts";
import type { SocketLink } from "../devices/socket.ts";
import type { ChildSetup, FromChild, ToChild } from "./child-protocol.ts";
import { packError } from "./error-transfer.ts";
import { WatchedDeadline, WatchedTransport } from "./watched-transport.ts";

/** How long a client may take to close its side after the last answer. */
const LINGER_MS = 1000;

type HandlerClass = (new (options: object) => Servable<SocketLink>) & { readonly framing?: ChildSetup["framing"] };

const watched = new WatchedDeadline();
let setup: ChildSetup | undefined;
let Handler: HandlerClass | undefined;
let isRetiring = false;
let isServing = false;

// The terminal's signals reach the whole group: the server decides what becomes of its children.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => retire());
process.on("disconnect", () => process.exit(0));
process.on("message", (message: ToChild, socket: Socket | undefined) => {
  switch (message.kind) {
    case "setup":
      void begin(deserialize(Buffer.from(message.setup, "base64")) as ChildSetup);
      break;
    case "serve":
      void serveConnection(message.connection, socket);
      break;
    case "retire":
      retire();
      break;
  }
});

function retire(): void {
  isRetiring = true;
  if (!isServing) process.exit(0);
}

function tell(message: FromChild): void {
  if (process.connected) process.send?.(message);
}

async function begin(given: ChildSetup): Promise<void> {
  setup = given;
  const watchdog = new Worker(new URL("./child-watchdog-main.js", import.meta.url), {
    workerData: { memory: watched.memory, parent: Number(process.argv[2]) },
    execArgv: [],
    trackUnmanagedFds: false,
  });
  watchdog.unref();
  try {
    Handler = await loadHandler(given);
    tell({ kind: "ready" });
  } catch (error) {
    tell({ kind: "unfit", error: packError(error) });
  }
}

async function loadHandler({ handler, framing }: ChildSetup): Promise<HandlerClass> {
  const { default: found } = (await import(handler)) as { default?: HandlerClass };
  const prototype = typeof found === "function" ? (found.prototype as Partial<Servable<SocketLink>>) : undefined;
  if (found === undefined || typeof prototype?.[serve] !== "function") {
    const text = `the default export of ${handler} is not a class that extends a blocking request handler class`;
    throw new ServerError("ERR_HANDLER_LOAD", text);
  }
  if (found.framing?.suffix !== framing.suffix || found.framing.name !== framing.name) {
    const text = `the handler of ${handler} has ${found.framing?.name} where the server has ${framing.name}`;
    throw new ServerError("ERR_HANDLER_LOAD", `${text}: extend the handler class of the server's framing`);
  }
  return found;
}

async function serveConnection(connection: number, socket: Socket | undefined): Promise<void> {
  isServing = true;
  tell({ kind: "begun", connection });
  // A client that has gone already arrives without its socket.
  if (socket !== undefined) await serveSocket(socket);
  isServing = false;
  tell({ kind: "done", connection });
  if (isRetiring) process.exit(0);
}

async function serveSocket(socket: Socket): Promise<void> {
  const { options, hangTimeoutMs } = setup as ChildSetup;
  socket.on("error", () => undefined);
  const { _handle: handle } = socket as unknown as {
    _handle: { readonly fd: number; readStop(): void; readStart(): void; setBlocking(isBlocking: boolean): void };
  };
  handle.readStop();
  handle.setBlocking(true);
  const limit = hangTimeoutMs === 0 ? Number.POSITIVE_INFINITY : hangTimeoutMs;
  try {
    const handler = new (Handler as HandlerClass)(options);
    handler[serve](new WatchedTransport(socket, handle.fd, watched, limit), {
      failed: (error) => tell({ kind: "fault", error: packError(error) }),
    });
  } catch (error) {
    tell({ kind: "fault", error: packError(error) });
  }
  watched.clear();
  handle.setBlocking(false);
  handle.readStart();
  await takeLeave(socket);
}

/** Closes this side and waits for the other: closing both while the client still sends would lose the last answer. */
function takeLeave(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
    socket.on("end", () => socket.destroy());
    socket.end();
    socket.resume();
  });
}
