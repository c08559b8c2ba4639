/** Connecting without an event loop, where no name has to be resolved. Linux only. */
import { closeSync } from "node:fs";
import { constants } from "node:os";
import { type LinuxConstants, linuxConstants } from "./constants.ts";
import { duplicate, pause, waitWritable } from "./descriptors.ts";
import { foreignFunctions, systemLibrary } from "./library.ts";
import { encodeAddress, type SystemAddress } from "./socket-address.ts";
import { SystemError, systemCall, uninterrupted } from "./system-error.ts";

const { EAGAIN, EINPROGRESS } = constants.errno;

/** How long to wait before a Unix socket is tried again whose queue of connections is full: at first, and at most. */
const SHORTEST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 16;

const functions = foreignFunctions(({ declare }) => ({
  close: declare<[fd: number]>("int close(int fd)"),
  socket: declare<[family: number, type: number, protocol: number]>("int socket(int family, int type, int protocol)"),
  connect: declare<[fd: number, address: Uint8Array, length: number]>(
    "int connect(int fd, void *address, unsigned int length)",
  ),
  setsockopt: declare<[fd: number, level: number, name: number, value: Int32Array, length: number]>(
    "int setsockopt(int fd, int level, int name, void *value, unsigned int length)",
  ),
  getsockopt: declare<[fd: number, level: number, name: number, value: Int32Array, length: Uint32Array]>(
    "int getsockopt(int fd, int level, int name, void *value, void *length)",
  ),
}));

/** Whether {@link connectSocket} works here. */
export function canConnectSockets(): boolean {
  return linuxConstants() !== undefined && systemLibrary() !== undefined;
}

/**
 * Connects a socket, and blocks the thread until that is done or the deadline has passed, on the clock of
 * `performance.now()`. A Unix socket whose queue of connections is full is tried again until then.
 *
 * @param isSentAtOnce whether small writes do not wait for more (TCP).
 * @returns the descriptor, which belongs to this thread and does not wait; `"late"` at the deadline.
 * @throws SystemError `ECONNREFUSED`, `ENOENT` and others.
 */
export function connectSocket(address: SystemAddress, isSentAtOnce: boolean, deadline: number): number | "late" {
  const numbers = linuxConstants() as LinuxConstants;
  const structure = encodeAddress(address);
  const fd = openSocket(address, numbers);
  try {
    if (isSentAtOnce && !("path" in address)) setNoDelay(fd, numbers);
    if (establish(fd, structure, shown(address), deadline, numbers)) return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  closeSync(fd);
  return "late";
}

function shown(address: SystemAddress): string {
  return "path" in address ? address.path : `${address.host}:${address.port}`;
}

/** A socket that does not wait, and that Node.js closes with this thread. */
function openSocket(address: SystemAddress, numbers: LinuxConstants): number {
  const family = "path" in address ? numbers.AF_UNIX : address.family === 4 ? numbers.AF_INET : numbers.AF_INET6;
  const type = numbers.SOCK_STREAM | numbers.SOCK_NONBLOCK | numbers.SOCK_CLOEXEC;
  const untracked = systemCall("socket", () => functions().socket(family, type, 0));
  try {
    return duplicate(untracked);
  } finally {
    // Node.js warns of descriptors that it closes and has not opened.
    functions().close(untracked);
  }
}

function setNoDelay(fd: number, { IPPROTO_TCP, TCP_NODELAY }: LinuxConstants): void {
  const one = Int32Array.of(1);
  systemCall("setsockopt", () => functions().setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, one, one.byteLength));
}

/** Whether the connection was there before the deadline. */
function establish(fd: number, structure: Buffer, to: string, deadline: number, numbers: LinuxConstants): boolean {
  const { connect } = functions();
  for (let pauseMs = SHORTEST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const result = uninterrupted(() => connect(fd, structure, structure.length));
    if (result >= 0) return true;
    if (result === -EINPROGRESS) break;
    if (result !== -EAGAIN) throw new SystemError("connect", -result, to);
    const left = deadline - performance.now();
    if (left <= 0) return false;
    pause(Math.min(pauseMs, left));
  }
  if (!waitWritable(fd, deadline - performance.now())) return false;
  const error = pendingError(fd, numbers);
  if (error !== 0) throw new SystemError("connect", error, to);
  return true;
}

function pendingError(fd: number, { SOL_SOCKET, SO_ERROR }: LinuxConstants): number {
  const error = new Int32Array(1);
  const length = Uint32Array.of(error.byteLength);
  systemCall("getsockopt", () => functions().getsockopt(fd, SOL_SOCKET, SO_ERROR, error, length));
  return error[0] as number;
}
