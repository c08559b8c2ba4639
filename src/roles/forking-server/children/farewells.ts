import type { Socket } from "node:net";
import { handleOf } from "../../../devices/socket/socket-handle.ts";

/** How long a client may take to close its side. */
const FAREWELL_MS = 1000;

/**
 * Connections that are over: this side is closed, and the other is waited for, because closing both while the client still
 * sends would lose the last answer.
 */
export class Farewells {
  readonly #sockets = new Set<Socket>();
  readonly #parted: () => void;

  /** @param parted called each time that a connection is closed. */
  constructor(parted: () => void) {
    this.#parted = parted;
  }

  /** How many clients are waited for. */
  get size(): number {
    return this.#sockets.size;
  }

  /** Takes leave of a client. */
  add(socket: Socket): void {
    if (socket.destroyed) return;
    this.#sockets.add(socket);
    const timer = setTimeout(() => socket.destroy(), FAREWELL_MS);
    socket.once("close", () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
      this.#parted();
    });
    socket.once("end", () => socket.destroy());
    socket.end();
    socket.resume();
  }

  /** Waits for nobody any longer. */
  cutShort(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

/**
 * Breaks a connection off for the other end to see: a clean end might be taken for the end of a whole answer. Unix sockets
 * know no other end.
 */
export function breakOff(socket: Socket): void {
  if (handleOf(socket)?.reset !== undefined) socket.resetAndDestroy();
  else socket.destroy();
}
