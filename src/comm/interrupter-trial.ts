import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { openSocket } from "../devices/async-socket.ts";
import { handleOf } from "../devices/socket-handle.ts";
import { INTERRUPT, type Interruptible, type Resident } from "./helper-protocol.ts";

/** When something comes after all, for a thread that cannot be interrupted. */
const RESCUE_MS = 150;

/** What the owner of a trial is told. */
export interface TrialInfo {
  /** A descriptor on which nothing comes, and which waits for it. */
  readonly fd: number;
}

/** Connects two sockets for an owner that wants to know whether it can be interrupted. */
export async function openTrial(_options: unknown, signal: AbortSignal): Promise<Resident<TrialInfo>> {
  // Of the abstract name space: it leaves no file.
  const path = `\0plib-io-${process.pid}-${randomUUID()}`;
  const server = createServer();
  let socket: Socket | undefined;
  try {
    server.listen({ path });
    await once(server, "listening", { signal });
    const accepted = once(server, "connection", { signal });
    socket = await openSocket({ path }, signal);
    const [peer] = (await accepted) as [Socket];
    return new Trial(server, socket, peer);
  } catch (error) {
    socket?.destroy();
    server.close();
    throw error;
  }
}

class Trial implements Resident<TrialInfo>, Interruptible {
  readonly info: TrialInfo;
  readonly #server: Server;
  readonly #socket: Socket;
  readonly #peer: Socket;
  readonly #rescue: NodeJS.Timeout;

  constructor(server: Server, socket: Socket, peer: Socket) {
    this.#server = server;
    this.#socket = socket;
    this.#peer = peer;
    for (const each of [socket, peer]) each.on("error", () => undefined);
    this.setBlocking(true);
    this.info = { fd: handleOf(socket)?.fd ?? -1 };
    this.#rescue = setTimeout(() => peer.write("!"), RESCUE_MS);
  }

  setBlocking(isBlocking: boolean, thread?: number): void {
    handleOf(this.#socket)?.setBlocking(isBlocking);
    if (thread !== undefined) process.kill(thread, INTERRUPT);
  }

  async close(): Promise<void> {
    clearTimeout(this.#rescue);
    this.#socket.destroy();
    this.#peer.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
