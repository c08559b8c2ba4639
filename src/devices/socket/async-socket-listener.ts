import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { ChannelError } from "../../errors.ts";
import type { AsyncListener, ListenAddress, ListenerEvents } from "../../modes/async/async-transport.ts";
import { AsyncSocketTransport } from "./async-socket.ts";
import { countConnectionsOf, hasRoomForConnection } from "./descriptor-room.ts";
import { noteListening } from "./listening.ts";
import { probing } from "./open-socket.ts";
import {
  type CheckedAddress,
  checkListenOptions,
  listenError,
  MAX_PATH_BYTES,
  type SocketLink,
  type SocketListenOptions,
} from "./socket.ts";
import { listenInPlace, type PlacedName } from "./unix-name.ts";

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
  server.maxConnections = options.maxConnections ?? Number.POSITIVE_INFINITY;
  server.on("connection", (socket) => {
    if (hasRoomForConnection()) return events.accepted(socket);
    socket.destroy();
    events.dropped();
  });
  server.on("drop", () => events.dropped());
  let name: PlacedName | undefined;
  try {
    name = await bind(server, address, options.backlog);
  } catch (error) {
    server.close();
    throw listenError(error as Error, options);
  }
  server.on("error", (error) => events.failed(listenError(error, options)));
  return new SocketListener(server, options.path, name);
}

class SocketListener implements AsyncListener {
  readonly acceptsMany = true;
  readonly address: ListenAddress;
  readonly #server: Server;
  readonly #name: PlacedName | undefined;
  readonly #forget: () => void;
  readonly #uncount: () => void;

  /** @param path the path in the options: the server itself may know another name of its file. */
  constructor(server: Server, path: string | undefined, name: PlacedName | undefined) {
    this.#server = server;
    this.#name = name;
    this.address = path === undefined ? hostAndPort(server) : { path };
    this.#forget = noteListening(this.address);
    this.#uncount = countConnectionsOf(server);
  }

  close(): Promise<void> {
    // As long as it listens, nobody takes its file for one that was left behind.
    this.#name?.remove();
    // The listening socket is closed at once; the callback would also wait for the connections.
    this.#server.close(() => this.#uncount());
    this.#forget();
    return new Promise((resolve) => setImmediate(resolve));
  }
}

function hostAndPort(server: Server): ListenAddress {
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port };
}

async function bind(
  server: Server,
  address: CheckedAddress,
  backlog: number | undefined,
): Promise<PlacedName | undefined> {
  const options = backlog === undefined ? {} : { backlog };
  const listenOn = (target: object): Promise<void> => listen(server, { ...target, ...options });
  if (!("path" in address) || !isOwnFile(address.path)) {
    await listenOn(address);
    return undefined;
  }
  const { path } = address;
  const stop = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  const name = await listenInPlace(path, MAX_PATH_BYTES, (own) => listenOn({ path: own }), stop);
  if (name === undefined) await listenOn({ path });
  return name;
}

/** Not so for an abstract socket, a pipe of Windows, and workers of a cluster, which share what the first one binds. */
function isOwnFile(path: string): boolean {
  if (process.platform === "win32" || path.startsWith("\0")) return false;
  const { isWorker } = process.getBuiltinModule("node:cluster") as unknown as { readonly isWorker: boolean };
  return !isWorker;
}

function listen(server: Server, target: object): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(target, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
