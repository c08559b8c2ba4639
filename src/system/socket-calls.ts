/** What a connected socket that does not wait is used with: the system's own calls, or what Node.js has of them. */
import { readSync, writeSync } from "node:fs";
import { pause, waitFor } from "./descriptors.ts";
import { systemLibrary } from "./library.ts";
import { receiveInto } from "./received-bytes.ts";
import { receive, sendSome } from "./sockets.ts";

/** The calls. They fail with an error that has the system's `code`. */
export interface SocketCalls {
  /** Reads what has come in: no bytes at the end of the stream, `undefined` if nothing is there yet. */
  readonly receive: (fd: number) => Buffer | undefined;
  /** Writes as much as the system takes at once, and returns how much that was. */
  readonly sendSome: (fd: number, bytes: Uint8Array) => number;
  /**
   * Blocks the thread until the descriptor may be ready, or the time is over.
   *
   * @returns what it may be ready for, 0 if the time is over. To be tried out: nothing may be there after all.
   */
  readonly waitFor: (fd: number, interest: number, timeoutMs: number) => number;
}

const systemCalls: SocketCalls = { receive, sendSome, waitFor };

/** How long to leave a descriptor alone before it is tried again: Node.js cannot wait for it without an event loop. */
const PAUSE_MS = 2;

/** Without the C library: costs some processor time while it waits, and answers a little later. */
const nodeCalls: SocketCalls = {
  receive: (fd) => receiveInto((memory) => unlessNotYet(() => readSync(fd, memory)) ?? -1),
  sendSome: (fd, bytes) => unlessNotYet(() => writeSync(fd, bytes)) ?? 0,
  waitFor(_fd, interest, timeoutMs) {
    if (timeoutMs <= 0) return 0;
    pause(Math.min(PAUSE_MS, timeoutMs));
    return interest;
  },
};

/** The calls that there are here. */
export function socketCalls(): SocketCalls {
  return systemLibrary() === undefined ? nodeCalls : systemCalls;
}

function unlessNotYet(call: () => number): number | undefined {
  try {
    return call();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EAGAIN" || code === "EINTR") return undefined;
    throw error;
  }
}
