/**
 * The classes under test, and which of them belong together: found in the generated matrix, so that a class that is new
 * there is tested without a line here.
 */
import { matrix } from "../../generated/matrix.ts";
import { matrix as testMatrix } from "../generated/matrix.ts";
import type { Framing, FramingClass, MessageBoundary } from "../../src/core/framing.ts";
import type { AsyncClientOptions } from "../../src/roles/client/async-client-options.ts";
import type { AsyncClient } from "../../src/roles/client/async-client.ts";
import type { AsyncPersistentChannelOptions } from "../../src/roles/persistent/async-persistent-channel.ts";
import type { AsyncPersistentHandler } from "../../src/roles/persistent/async-persistent-handler.ts";
import type { AsyncPersistent, AsyncPersistentOptions } from "../../src/roles/persistent/async-persistent.ts";
import type { AsyncRequestHandler, AsyncRequestHandlerOptions } from "../../src/roles/handler/async-request-handler.ts";
import type { AsyncServerOptions } from "../../src/roles/server/async-server-options.ts";
import type { AsyncServer } from "../../src/roles/server/async-server.ts";
import { type Place, places } from "./channel-places.ts";

/** Options that only some devices and framings have. */
export interface Extra {
  readonly [name: string]: unknown;
}

/** A client, whatever its device and framing. */
export type Client = AsyncClient<undefined, unknown>;
/** Its options. */
export type ClientOptions = AsyncClientOptions<undefined, Client> & Extra;
/** Its class. */
export type ClientClass = new (options: ClientOptions) => Client;
/** A server, whatever its device and framing. */
export type Server = AsyncServer<undefined, unknown>;
/** Its options. */
export type ServerOptions = Omit<AsyncServerOptions<undefined, unknown, unknown, Server>, "handler"> &
  Extra & { handler?: unknown };
/** Its class. */
export type ServerClass = new (options: ServerOptions) => Server;
/** A request handler. */
export type Handler = AsyncRequestHandler<undefined, unknown>;
/** Its class. */
export type HandlerClass = new (options?: AsyncRequestHandlerOptions<undefined, Handler>) => Handler;
/** A persistent channel that connects. */
export type Persistent = AsyncPersistent<undefined, unknown>;
/** Its options. */
export type PersistentOptions = AsyncPersistentOptions<undefined, Persistent> & Extra;
/** Its class. */
export type PersistentClass = new (options: PersistentOptions) => Persistent;
/** A persistent request handler. */
export type PersistentHandler = AsyncPersistentHandler<undefined, unknown>;
/** Its class. */
export type PersistentHandlerClass = new (
  options?: AsyncPersistentChannelOptions<undefined, PersistentHandler>,
) => PersistentHandler;

/** One class of the matrix. */
export interface ChannelCell {
  readonly className: string;
  readonly mode: string;
  readonly role: string;
  readonly device: string;
  readonly framing: string;
  readonly load: () => Promise<unknown>;
}

/** The asynchronous classes of one device and one framing: what a test talks to, or talks with. */
export interface ChannelFamily {
  /** `Socket`, `SocketWithTerminator`. */
  readonly title: string;
  readonly device: string;
  /** The suffix of the framing. */
  readonly framing: string;
  readonly boundary: MessageBoundary;
  /** Makes a codec of the framing. */
  createFraming(): Framing;
  readonly Client: ClientClass;
  readonly Server: ServerClass;
  readonly Persistent: PersistentClass;
  /** On the device itself, or where that has no connections, on one that has: they fit any server of their framing. */
  readonly Handler: HandlerClass;
  readonly PersistentHandler: PersistentHandlerClass;
}

/** The options that the classes of a framing are tested with, where they need some, or carry more with them. */
const testOptions: Readonly<Record<string, Extra>> = {
  WithCobs: { maxMessageSize: 8 * 1024 * 1024 },
  WithFixedLength: { messageLength: 5 },
  WithSilence: { silenceMs: 20 },
  WithStartEnd: { escape: 0x10 },
};

/**
 * All classes that can talk to each other: the published ones, and the asynchronous ones on devices that only tests use.
 * In memory, a blocking class can talk to a script alone. They take the options that their framing is tested with for
 * granted.
 */
export const allCells: readonly ChannelCell[] = [...matrix, ...testMatrix.filter(({ mode }) => mode === "async")].map(
  (cell) => ({ ...cell, load: () => loaded(cell) }),
);

/** The framings on which all suites run: those in which messages end in different ways. */
const THOROUGH = new Set(["", "WithShutdown", "WithTerminator", "WithReadWrite"]);
/** Framings that cannot carry every payload, or not at once. */
const PARTICULAR = new Set(["WithFixedLength", "WithLines", "WithSilence", "WithSlip"]);

/** The classes on which all suites run. Every other class has at least a smoke test. */
export const cells: readonly ChannelCell[] = allCells.filter(({ framing }) => THOROUGH.has(framing));

/** The classes on which the suites of exchanges run, which send messages of any bytes and of any length. */
export const exchangingCells: readonly ChannelCell[] = allCells.filter(({ framing }) => !PARTICULAR.has(framing));

/** Every asynchronous family, one for each device and framing that go together. */
export const allFamilies: readonly ChannelFamily[] = await Promise.all(
  allCells.filter((cell) => cell.mode === "async" && cell.role === "Client").map((cell) => familyOf(cell)),
);

/** The families of {@link cells}. */
export const families: readonly ChannelFamily[] = allFamilies.filter(({ framing }) => THOROUGH.has(framing));

/** Where the suites run over the classes of a device and a framing: for most framings one place for each device is enough. */
export function placesOf({ device, framing }: { readonly device: string; readonly framing: string }): readonly Place[] {
  const all = places.filter((place) => place.device === device);
  return THOROUGH.has(framing) ? all : all.slice(0, 1);
}

async function loaded({ framing, load }: ChannelCell): Promise<unknown> {
  const extra = testOptions[framing];
  const Class = (await load()) as new (options?: object) => object;
  if (extra === undefined) return Class;
  return class extends Class {
    constructor(options: object = {}) {
      super({ ...extra, ...options });
    }
  };
}

/** The family with this device and framing. */
export function familyWith(device: string, framing: string): ChannelFamily {
  const found = allFamilies.find((family) => family.device === device && family.framing === framing);
  if (found === undefined) throw new Error(`there are no classes for ${device} with framing "${framing}"`);
  return found;
}

async function familyOf({ device, framing }: ChannelCell): Promise<ChannelFamily> {
  const load = async <Class>(role: string, on: string | undefined): Promise<Class> => {
    const cell = allCells.find(
      (each) =>
        each.mode === "async" &&
        each.role === role &&
        each.framing === framing &&
        (on === undefined || each.device === on),
    );
    if (cell === undefined) throw new Error(`there is no asynchronous ${role} for ${device} with framing "${framing}"`);
    return (await cell.load()) as Class;
  };
  const Client = await load<ClientClass & { readonly framing: FramingClass }>("Client", device);
  return {
    title: device + framing,
    device,
    framing,
    boundary: Client.framing.boundary,
    createFraming: () => new Client.framing({ ...testOptions[framing] } as never, "server"),
    Client,
    Server: await load<ServerClass>("Server", device),
    Persistent: await load<PersistentClass>("Persistent", device),
    Handler: await load<HandlerClass>("BaseRequestHandler", undefined),
    PersistentHandler: await load<PersistentHandlerClass>("PersistentRequestHandler", undefined),
  };
}
