/** What runs in a child of a forking server: loads the handler, then serves one connection after another. */
import { writeSync } from "node:fs";
import { deserialize } from "node:v8";
import { Worker } from "node:worker_threads";
import { ServerError } from "../../../errors.ts";
import { type Servable, serve } from "../../../modes/blocking/serving.ts";
import type { SocketLink } from "../../../devices/socket/socket.ts";
import type { SocketHandle } from "../../../devices/socket/socket-handle.ts";
import {
  type ChildSetup,
  type Envelope,
  type FromChild,
  opened,
  REPORT_BYTES,
  REPORT_FD,
  STEPS,
  type ToChild,
} from "./child-protocol.ts";
import { packError } from "../../../comm/error-transfer.ts";
import { threadEnvironment } from "../../../comm/thread-environment.ts";
import { Watch, WatchedTransport } from "./watched-transport.ts";

type HandlerClass = (new (options: object) => Servable<SocketLink>) & { readonly framing?: ChildSetup["framing"] };

const report = Buffer.alloc(REPORT_BYTES);
/** What only the messages of the server have, and those for it. */
let key: string | undefined;
let setup: ChildSetup | undefined;
let watch: Watch | undefined;
let Handler: HandlerClass | undefined;

// The terminal's signals reach the whole group: the server decides what becomes of its children.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => leave());
process.on("disconnect", () => process.exit(0));
process.on("message", (received: Envelope<ToChild>, handle: unknown) => {
  // The server speaks first, before there is a handler.
  key ??= received.key;
  const message = opened(received, key);
  switch (message?.kind) {
    case undefined:
      break;
    case "setup":
      void begin(deserialize(Buffer.from(message.setup, "base64")) as ChildSetup);
      break;
    case "serve":
      serveConnection(message.connection, handle as SocketHandle | undefined);
      break;
    case "retire":
      leave();
      break;
  }
});

/** Ends the process. A connection is served to its end before anything else is heard, so none is under way now. */
function leave(): void {
  tell({ kind: "leaving" });
  process.exit(0);
}

function tell(message: FromChild): void {
  if (key !== undefined && process.connected) process.send?.({ key, message } satisfies Envelope<FromChild>);
}

async function begin(given: ChildSetup): Promise<void> {
  setup = given;
  watch = new Watch(given.hangTimeoutMs);
  const watchdog = new Worker(new URL("./child-watchdog-main.js", import.meta.url), {
    workerData: { memory: watch.memory, parent: Number(process.argv[2]) },
    execArgv: [],
    env: threadEnvironment(),
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

/** Reports a step of a connection. */
function reportStep(step: number, connection: number): void {
  report[0] = step;
  report[1] = connection;
  try {
    writeSync(REPORT_FD, report);
  } catch {
    // A server that is busy reads later; one that is gone, never.
    tell({ kind: "step", step, connection });
  }
}

function serveConnection(connection: number, handle: SocketHandle | undefined): void {
  reportStep(STEPS.begun, connection);
  // A client that has gone already may arrive without its socket.
  reportStep(handle === undefined ? STEPS.over : serveHandle(connection, handle), connection);
}

/** @returns how the connection has ended. */
function serveHandle(connection: number, handle: SocketHandle): number {
  const { options } = setup as ChildSetup;
  const watching = watch as Watch;
  const failed = (error: unknown): void => tell({ kind: "fault", error: packError(error) });
  watching.connection = connection;
  watching.begin();
  const transport = new WatchedTransport(handle, watching);
  try {
    const handler = new (Handler as HandlerClass)(options);
    handler[serve](transport, { failed });
  } catch (error) {
    failed(error);
  }
  watching.end();
  handle.close();
  if (transport.isMidWrite) return STEPS.cut;
  return transport.hasEnded ? STEPS.over : STEPS.done;
}
