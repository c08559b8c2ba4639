/** The blocking classes as the acts use them, found in the generated matrix. */
import { ChannelError } from "../../src/errors.ts";
import type { BlockingClient, BlockingClientOptions } from "../../src/roles/client/blocking-client.ts";
import type { BlockingServer } from "../../src/roles/server/blocking-server.ts";
import type { BlockingServerOptions } from "../../src/roles/server/blocking-server-options.ts";
import { cells, type Extra } from "../support/channel-cells.ts";

/** For what a test does not measure. */
export const PATIENCE_MS = 30_000;

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
  { device, framing, options }: Made,
  more: BlockingClientOptions<undefined, Client> = {},
): Promise<Client> {
  const Class = (await classOf("Client", device, framing)) as ClientClass;
  return new Class({ ...options, ...more });
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
