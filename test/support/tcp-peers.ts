/** The other end of a socket, played with nothing but `node:net`, so that a test decides about each byte. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Server, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";

/** A listening socket that does what the test says with each connection. */
export class RawServer implements AsyncDisposable {
  readonly server: Server;
  /** The connections so far. */
  readonly sockets: Socket[] = [];

  constructor(serve: (socket: Socket) => void) {
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.sockets.push(socket);
      // The end that a test is about breaks connections; what this end sees of it is of no interest.
      socket.on("error", () => undefined);
      serve(socket);
    });
  }

  /** The address options of a client. */
  get address(): { host: string; port: number } {
    return { host: "127.0.0.1", port: (this.server.address() as AddressInfo).port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, "close");
  }
}

/** Listens on a port of the loopback interface. */
export async function rawServer(serve: (socket: Socket) => void = () => undefined): Promise<RawServer> {
  const raw = new RawServer(serve);
  raw.server.listen(0, "127.0.0.1");
  await once(raw.server, "listening");
  return raw;
}

/** A connected socket, and what came in on it. */
export class RawClient implements AsyncDisposable {
  readonly socket: Socket;
  /** Resolves when the connection is closed, however. */
  readonly closed: Promise<void>;
  /** Resolves with all that came, when the other end has closed its side or the connection is gone. */
  readonly ended: Promise<string>;
  #received = "";

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Buffer) => {
      this.#received += bytes.toString("latin1");
    });
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    this.ended = new Promise((resolve) => {
      socket.once("end", () => resolve(this.#received));
      socket.once("close", () => resolve(this.#received));
    });
  }

  /** What came so far, a character a byte. */
  get received(): string {
    return this.#received;
  }

  /** Resolves when what came ends so. */
  async until(ending: string): Promise<string> {
    while (!this.#received.endsWith(ending)) {
      if (this.socket.readableEnded || this.socket.destroyed)
        throw new Error(`ended after ${JSON.stringify(this.#received)}`);
      await Promise.race([once(this.socket, "data"), this.ended]);
    }
    return this.#received;
  }

  /** Sends byte by byte, each in a write of its own that has left before the next. */
  async drip(bytes: string | Uint8Array): Promise<void> {
    for (const byte of Buffer.from(bytes)) {
      await new Promise((resolve) => this.socket.write(Buffer.of(byte), resolve));
      await turn();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }
}

/** Connects a plain socket. */
export async function rawConnect(address: object): Promise<RawClient> {
  const socket = connect({ allowHalfOpen: true, noDelay: true, ...address } as NetConnectOpts);
  await once(socket, "connect");
  return new RawClient(socket);
}
