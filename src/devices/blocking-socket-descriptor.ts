import type { HelperPipe } from "../comm/helper-pipe.ts";
import type { HelperThread } from "../comm/helper-thread.ts";
import { readDescriptor, writeDescriptor } from "./descriptor.ts";
import type { WaitChooser, WaitMethod } from "./wait-chooser.ts";

/** With less time left than this, nothing waits in the system: it has to be got out of there in time. */
const SHORTEST_BLOCKING_MS = 50;
/** How much of the time that is left may be spent on the change. */
const SHARE = 0.5;

/** What leads to a socket in a helper thread. */
export interface WayToSocket {
  readonly helper: HelperThread;
  readonly resident: number;
  readonly pipe: HelperPipe;
}

/**
 * The descriptor of a socket, as used by a thread that it does not belong to. Its calls either do not wait at all, or wait
 * in the system, where the interrupter gets them out again after some milliseconds. Which of both holds is changed by the
 * helper thread, which has the socket; the descriptor may have been made one that does not wait at any time.
 */
export class SocketDescriptor {
  readonly #fd: number;
  readonly #helper: HelperThread;
  readonly #resident: number;
  readonly #pipe: HelperPipe;
  readonly #chooser: WaitChooser;
  #bytesWritten = 0;

  constructor(fd: number, { helper, resident, pipe }: WayToSocket, chooser: WaitChooser) {
    this.#fd = fd;
    this.#helper = helper;
    this.#resident = resident;
    this.#pipe = pipe;
    this.#chooser = chooser;
  }

  /** How many bytes the system has taken. */
  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /**
   * Reads in the way that was chosen.
   *
   * @param now the time, on the clock of `performance.now()`.
   * @param patience until when it is looked for bytes, where nothing waits for them in the system.
   * @param deadline when the bytes have to be there.
   * @returns the bytes, none at the end; `undefined` if there are none yet, and others may wait for them; `"late"` if the
   * deadline has passed.
   * @throws Error what the system said; DisconnectedError `ERR_WORKER_DIED`.
   */
  read(now: number, patience: number, deadline: number): Buffer | "late" | undefined {
    if (this.#chooser.method === "blocking" && !this.#pipe.isBlocking) this.#begin(deadline - now);
    const method = this.#enter(now, deadline);
    if (method === "late") return "late";
    if (!this.#pipe.claim()) {
      this.#leave(method);
      return undefined;
    }
    try {
      do {
        const bytes = readDescriptor(this.#fd);
        if (bytes !== undefined) return bytes;
      } while (method === "blocking" ? this.#pipe.isBlocking : performance.now() < patience);
    } finally {
      this.#pipe.release();
      this.#leave(method);
    }
    if (method === "blocking") this.#chooser.interrupted();
    return undefined;
  }

  /**
   * Writes as much as the system takes.
   *
   * @returns how much that was: less than everything only if others may wait for the rest; `"late"` if the deadline has
   * passed, and nothing was written.
   * @throws as {@link read}.
   */
  write(piece: Uint8Array, now: number, deadline: number): number | "late" {
    const method = this.#enter(now, deadline);
    if (method === "late") return "late";
    if (!this.#pipe.claim()) {
      this.#leave(method);
      return 0;
    }
    let written = 0;
    try {
      while (written < piece.length) {
        const taken = writeDescriptor(this.#fd, piece, written);
        if (taken === 0 && !this.#pipe.isBlocking) break;
        written += taken;
        this.#bytesWritten += taken;
      }
    } finally {
      this.#pipe.release();
      this.#leave(method);
    }
    return written;
  }

  /** Has calls wait in the system from now on, if that can be done. */
  #begin(leftMs: number): void {
    if (leftMs < SHORTEST_BLOCKING_MS) return;
    const isReady = this.#helper.interrupter.isReady(leftMs * SHARE);
    if (isReady === true) {
      this.#pipe.wantBlocking();
      this.#setBlocking(true, leftMs * SHARE);
      this.#pipe.unwantBlocking();
    } else if (isReady === false) this.#chooser.polls();
    if (!this.#pipe.isBlocking) this.#chooser.paused();
  }

  /** Has calls not wait in the system any more, if that is not wanted, or nobody would get them out of it. */
  #enter(now: number, deadline: number): WaitMethod | "late" {
    if (!this.#pipe.isBlocking) return "polling";
    const isWanted = this.#chooser.method === "blocking" && deadline - now >= SHORTEST_BLOCKING_MS;
    if (isWanted && this.#helper.interrupter.enter(this.#resident)) return "blocking";
    if (isWanted) this.#chooser.paused();
    this.#setBlocking(false, Math.max(deadline - now, SHORTEST_BLOCKING_MS));
    return this.#pipe.isBlocking ? "late" : "polling";
  }

  #leave(method: WaitMethod): void {
    if (method === "blocking") this.#helper.interrupter.leave();
  }

  #setBlocking(isBlocking: boolean, timeoutMs: number): void {
    this.#helper.invoke(this.#resident, "setBlocking", [isBlocking], performance.now() + timeoutMs);
  }
}
