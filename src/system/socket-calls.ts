/** What a connected socket is used with: the system's own calls, or what Node.js has of them. */
import { readSync, writeSync } from "node:fs";
import { linuxConstants } from "./constants.ts";
import { pause, READABLE, waitFor } from "./descriptors.ts";
import { systemLibrary } from "./library.ts";
import { receivedBytes, receivingMemory } from "./received-bytes.ts";
import { receiveAsleep, sleepInReceive } from "./socket-sleep.ts";
import { receive, sendSome } from "./sockets.ts";

/** The calls. They fail with an error that has the system's `code`. */
export interface SocketCalls {
  /** Reads what has come in: no bytes at the end of the stream, `undefined` if nothing is there yet. */
  readonly receive: (fd: number) => Buffer | undefined;
  /** The same, and blocks the thread until something is there, or the time is over. */
  readonly receiveWithin: (fd: number, timeoutMs: number) => Buffer | undefined;
  /** Writes as much as the system takes at once, and returns how much that was. */
  readonly sendSome: (fd: number, bytes: Uint8Array) => number;
  /**
   * Blocks the thread until the descriptor may be ready, or the time is over.
   *
   * @returns what it may be ready for, 0 if the time is over. To be tried out: nothing may be there after all.
   */
  readonly waitFor: (fd: number, interest: number, timeoutMs: number) => number;
}

const polling: SocketCalls = {
  receive,
  receiveWithin: (fd, timeoutMs) => receiveWaiting(polling, fd, timeoutMs),
  sendSome,
  waitFor,
};

const sleeping: SocketCalls = { ...polling, receiveWithin: receiveAsleep };

/** How long to leave a descriptor alone before it is tried again: Node.js cannot wait for it without an event loop. */
const PAUSE_MS = 2;

/** Without the C library: costs some processor time while it waits, and answers a little later. */
const trying: SocketCalls = {
  receive(fd) {
    const count = unlessNotYet(() => readSync(fd, receivingMemory()));
    return count === undefined ? undefined : receivedBytes(count);
  },
  receiveWithin: (fd, timeoutMs) => receiveWaiting(trying, fd, timeoutMs),
  sendSome: (fd, bytes) => unlessNotYet(() => writeSync(fd, bytes)) ?? 0,
  waitFor(_fd, interest, timeoutMs) {
    if (timeoutMs <= 0) return 0;
    pause(Math.min(PAUSE_MS, timeoutMs));
    return interest;
  },
};

/** The calls for a socket that does not wait, and that others may use too. */
export function sharedSocketCalls(): SocketCalls {
  return systemLibrary() === undefined ? trying : polling;
}

/** The calls for a socket that is this thread's alone. */
export function ownSocketCalls(fd: number): SocketCalls {
  if (linuxConstants() === undefined) return polling;
  sleepInReceive(fd);
  return sleeping;
}

function receiveWaiting(calls: SocketCalls, fd: number, timeoutMs: number): Buffer | undefined {
  const deadline = performance.now() + timeoutMs;
  for (let left = timeoutMs; ; left = deadline - performance.now()) {
    if (calls.waitFor(fd, READABLE, left) === 0) return undefined;
    const bytes = calls.receive(fd);
    if (bytes !== undefined) return bytes;
  }
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
