import { lstatSync, readFileSync, readdirSync, unlinkSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { ChannelError } from "../../errors.ts";
import type { AsyncListener, ListenAddress, ListenerEvents } from "../../modes/async/async-transport.ts";
import { AsyncSocketTransport, probing } from "./async-socket.ts";
import { noteListening } from "./listening.ts";
import { checkListenOptions, listenError, type SocketLink, type SocketListenOptions, systemCode } from "./socket.ts";

/**
 * Listens on a TCP or Unix socket.
 *
 * @returns what listens, and rejects with a ServerError `ERR_ADDRESS_IN_USE`, `ERR_ADDRESS_UNAVAILABLE`,
 * `ERR_LISTEN_FAILED`.
 * @throws OptionsError `ERR_OPTIONS` for an address that is none.
 */
export function listenAsyncSocket(
  options: SocketListenOptions,
): (events: ListenerEvents<SocketLink>) => Promise<AsyncListener> {
  checkListenOptions(options);
  return async (events) =>
    await openListener(options, false, {
      accepted: (socket) => events.accepted(new AsyncSocketTransport(socket)),
      dropped: () => events.dropped(),
      failed: (error) => events.failed(error),
    });
}

/** What {@link openListener} tells. */
export interface SocketEvents {
  /** A connection was accepted; nothing of it is read yet if that was asked for. */
  accepted(socket: Socket): void;
  /** A connection was turned away because `maxConnections` are open. */
  dropped(): void;
  /** Accepting failed in a way that the server may survive. */
  failed(error: ChannelError): void;
}

/**
 * Listens on a TCP or Unix socket.
 *
 * @param isPaused whether nothing of a connection is to be read here: it will be handed to another process.
 * @throws ServerError `ERR_ADDRESS_IN_USE`, `ERR_ADDRESS_UNAVAILABLE`, `ERR_LISTEN_FAILED`.
 */
export async function openListener(
  options: SocketListenOptions,
  isPaused: boolean,
  events: SocketEvents,
): Promise<AsyncListener> {
  const address = checkListenOptions(options);
  const server = createServer({
    allowHalfOpen: true,
    pauseOnConnect: isPaused,
    noDelay: options.noDelay ?? true,
    ...probing(options.keepAliveProbeMs),
  });
  server.maxConnections = roomForConnections(options.maxConnections);
  server.on("connection", (socket) => events.accepted(socket));
  server.on("drop", () => events.dropped());
  const target = { ...address, ...(options.backlog === undefined ? {} : { backlog: options.backlog }) };
  try {
    await bind(server, target);
  } catch (error) {
    if (systemCode(error) !== "EADDRINUSE" || !("path" in address) || !(await isStale(address.path))) {
      throw listenError(error as Error, options);
    }
    unlinkSync(address.path);
    await bind(server, target).catch((again: unknown) => {
      throw listenError(again as Error, options);
    });
  }
  server.on("error", (error) => events.failed(listenError(error, options)));
  return new SocketListener(server);
}

class SocketListener implements AsyncListener {
  readonly acceptsMany = true;
  readonly address: ListenAddress;
  readonly #server: Server;
  readonly #forget: () => void;

  constructor(server: Server) {
    this.#server = server;
    const address = server.address() as AddressInfo | string;
    this.address = typeof address === "string" ? { path: address } : { host: address.address, port: address.port };
    this.#forget = noteListening(this.address);
  }

  close(): Promise<void> {
    // The listening socket is closed at once; the callback would also wait for the connections.
    this.#server.close();
    this.#forget();
    return new Promise((resolve) => setImmediate(resolve));
  }
}

function bind(server: Server, target: object): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(target, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Whether nobody listens on a socket file any more: only a refused connection proves it. */
async function isStale(path: string): Promise<boolean> {
  // A connect to a file that is no socket is refused just the same, and that file is somebody's.
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return false;
  return await new Promise((resolve) => {
    const probe = connect({ path });
    probe.once("connect", () => {
      probe.destroy();
      resolve(false);
    });
    probe.once("error", (error) => resolve(systemCode(error) === "ECONNREFUSED"));
  });
}

/** Descriptors that are kept free for files, timers and children. */
const SPARE_DESCRIPTORS = 32;

/**
 * As many connections as wanted, but no more than there is room for descriptors: when the system runs out of them,
 * connections are lost without a word.
 */
function roomForConnections(wanted: number | undefined): number {
  const asked = wanted ?? Number.POSITIVE_INFINITY;
  if (process.platform !== "linux") return asked;
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1];
    if (limit === undefined) return asked;
    const open = readdirSync("/proc/self/fd").length;
    return Math.min(asked, Math.max(1, Number(limit) - open - SPARE_DESCRIPTORS));
  } catch {
    // Without a /proc to look at, the limit is the user's to know.
    return asked;
  }
}
