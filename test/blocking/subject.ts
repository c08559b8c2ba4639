/** The blocking classes as the acts use them, found in the generated matrix. */
import type { SocketConnectOptions } from "../../src/devices/socket.ts";
import { HelperThread } from "../../src/comm/helper-thread.ts";
import { connectBlockingSocket } from "../../src/devices/blocking-socket.ts";
import type { SocketWait } from "../../src/devices/blocking-socket-transport.ts";
import { ChannelError } from "../../src/errors.ts";
import type { BlockingClient, BlockingClientOptions } from "../../src/roles/blocking-client.ts";
import type { BlockingServer } from "../../src/roles/blocking-server.ts";
import type { BlockingServerOptions } from "../../src/roles/blocking-server-options.ts";
import { cells, type Extra } from "../support/channel-cells.ts";

/** For what a test does not measure. */
export const PATIENCE_MS = 30_000;

/** Whether threads can be interrupted here, as they have to be to sleep in a system call: elsewhere there is no such wait. */
const canBlock = process.platform === "linux";

/** Those of the ways to wait for a reply that there are here. */
export function waitsHere<Wait extends SocketWait>(...waits: readonly Wait[]): readonly Wait[] {
  return waits.filter((wait) => canBlock || wait !== "blocking");
}

/** A blocking client, whatever its device and framing. */
export type Client = BlockingClient<undefined, unknown>;
/** Its class. */
export type ClientClass = new (options: BlockingClientOptions<undefined, Client> & Extra) => Client;
/** A blocking server, whatever its framing. */
export type Server = BlockingServer<undefined, unknown>;
/** Its class. */
export type ServerClass = new (options: BlockingServerOptions<undefined, unknown, unknown, Server> & Extra) => Server;

/** Which client, and how it is made. */
export interface Made {
  readonly device: "Socket" | "Serial";
  readonly framing: string;
  readonly options: Extra;
  /** How replies are waited for; `"helper"`: as on a system that has no descriptors for sockets. */
  readonly wait?: SocketWait;
}

/** What a failed call told, and how long it took. */
export interface Failure {
  readonly code: string;
  readonly name: string;
  readonly outcome: string | undefined;
  readonly bytesWritten: number | undefined;
  readonly ms: number;
  readonly isClosed: boolean;
}

/** Loads a class of the matrix. */
export async function classOf(role: string, device: string, framing: string): Promise<unknown> {
  const isIt = (cell: (typeof cells)[number]): boolean =>
    cell.mode === "blocking" && cell.role === role && cell.device === device && cell.framing === framing;
  return await cells.find(isIt)?.load();
}

/** Makes a client. `more` are options that cannot be sent from one process to another. */
export async function makeClient(
  { device, framing, options, wait }: Made,
  more: BlockingClientOptions<undefined, Client> = {},
): Promise<Client> {
  const Class = (await classOf("Client", device, framing)) as ClientClass;
  if (wait === undefined) return new Class({ ...options, ...more });
  // Without waiting for it, the first exchanges would be polled for.
  if (wait === "blocking" && !HelperThread.current().interrupter.waitReady(PATIENCE_MS))
    throw new Error("no blocking here");
  class Bound extends Class {
    static readonly open = (given: SocketConnectOptions): unknown => connectBlockingSocket(given, wait);
  }
  return new Bound({ ...options, ...more });
}

/** What a call that has to fail told. */
export function failureOf(client: { readonly closed: boolean } | undefined, call: () => unknown): Failure {
  const start = performance.now();
  try {
    call();
  } catch (error) {
    const ms = performance.now() - start;
    if (!ChannelError.is(error)) throw error;
    const { code, name, outcome, bytesWritten } = error;
    return { code, name, outcome, bytesWritten, ms, isClosed: client?.closed ?? true };
  }
  throw new Error("the call did not fail");
}
