/** A server and whatever talks to it, for one test. */
import type { ListenAddress } from "../../src/modes/async/async-transport.ts";
import type {
  ChannelFamily,
  Client,
  ClientOptions,
  Extra,
  Handler,
  Persistent,
  PersistentOptions,
  Server,
  ServerOptions,
} from "./channel-cells.ts";
import type { Place, Spot } from "./channel-places.ts";

/** What the stage of a test is built of. */
export interface StageOptions {
  /** Options of the server; by default it answers every message with the same message. */
  readonly server?: ServerOptions;
  /** What the other end of a serial line sees when one end is closed. */
  readonly onClose?: "keep" | "hang-up";
}

/** A listening server of a family, and the means to make what belongs to it. Everything made here is closed at the end. */
export class Stage implements AsyncDisposable {
  readonly family: ChannelFamily;
  readonly server: Server;
  readonly spot: Spot;
  /** The address options of a client of the server. */
  readonly address: Extra;
  readonly #made: { close(): Promise<void> }[] = [];

  constructor(family: ChannelFamily, server: Server, spot: Spot, address: ListenAddress) {
    this.family = family;
    this.server = server;
    this.spot = spot;
    this.address = spot.client(address);
  }

  /** A client of the server. */
  client(options: ClientOptions = {}): Client {
    const client = new this.family.Client({ ...this.address, ...options });
    this.#made.push(client);
    return client;
  }

  /** A persistent channel to the server, which is not connected yet. */
  persistent(options: PersistentOptions = {}): Persistent {
    const channel = new this.family.Persistent({ ...this.address, ...options });
    this.#made.push(channel);
    return channel;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#made.map((each) => each.close()));
    await this.server.close();
    await this.spot.close();
  }
}

/** Sets up a listening server. */
export async function openStage(family: ChannelFamily, place: Place, options: StageOptions = {}): Promise<Stage> {
  const spot = await place.open(options.onClose);
  try {
    const server = new family.Server({ ...spot.server, ...(options.server ?? { processData: echo }) });
    await server.listen();
    return new Stage(family, server, spot, server.address());
  } catch (error) {
    await spot.close();
    throw error;
  }
}

/** Answers a message with the same message. */
export function echo(data: Buffer, channel: Handler): void {
  channel.start(data);
}

/**
 * The options of an echo that knows how long the next requests are: where only reads tell messages apart, a long message
 * is several of them. Answers each request as a whole, and ends the channel after the last where that ends the answer.
 */
export function countingEcho(lengths: readonly number[], closes: "each" | "last" | "never" = "each"): ServerOptions {
  const left = [...lengths];
  let pieces: Buffer[] = [];
  return {
    keepAlive: true,
    processData(data, channel) {
      pieces.push(data);
      const whole = Buffer.concat(pieces);
      if (whole.length < (left[0] ?? 0)) return;
      pieces = [];
      left.shift();
      channel.start(whole);
      if (closes === "each" || (closes === "last" && left.length === 0)) channel.finish();
    },
  };
}
