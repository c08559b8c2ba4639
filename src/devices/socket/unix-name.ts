/**
 * Putting a Unix socket under its name, and taking it away again. A socket is bound under a name of its own first and is
 * linked to its place when it listens: linking fails if the place is taken, and nobody ever sees a socket file there that
 * does not listen yet. So a file that refuses connections is one that a dead process has left behind. Only that one is
 * removed, by one process at a time, and only if it is still the same file.
 */
import { createHash, randomBytes } from "node:crypto";
import { closeSync, constants, linkSync, lstatSync, openSync, type Stats, unlinkSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { systemCode } from "./socket.ts";

/** How often somebody who waits for another process to remove a file looks again, and how long at most. */
const LOCK_INTERVAL_MS = 5;
const LOCK_TIMEOUT_MS = 2000;

/** The file of a socket in its place. */
export interface PlacedName {
  /** Removes the file, unless it is another one by now. To be called while the socket still listens; never throws. */
  remove(): void;
}

/** How the system is asked to listen under a name. */
export type ListenOn = (path: string) => Promise<void>;

/**
 * Listens under a name of its own, and moves that to its place.
 *
 * @param listenOn listens; is called with the name that the system is to be given.
 * @param maxBytes how long such a name may be.
 * @returns `undefined` where the file system cannot link sockets: then nothing listens any more under the other name,
 * which `stop` has seen to, and the place is free unless somebody listens there.
 * @throws Error of the system: `EADDRINUSE` if somebody listens there, or the file there is no socket.
 */
export async function listenInPlace(
  path: string,
  maxBytes: number,
  listenOn: ListenOn,
  stop: () => Promise<void>,
): Promise<PlacedName | undefined> {
  // The folder of the process may change until the socket is closed.
  const place = resolve(path);
  const own = join(dirname(place), `.${randomBytes(6).toString("base64url")}`);
  const given = join(dirname(path), basename(own));
  try {
    if (!(await listenShortly(own, given, maxBytes, listenOn))) return undefined;
    const placed = lstatSync(own);
    if (!linkTo(own, place)) await replaceStale(place, () => linkTo(own, place));
    return {
      remove() {
        if (isSameFile(statOf(place), placed)) unlinkIfThere(place);
      },
    };
  } catch (error) {
    await stop();
    if (!CANNOT_LINK.has(systemCode(error) ?? "")) throw renamed(error, own, given, path);
    await replaceStale(place, () => statOf(place) === undefined);
    return undefined;
  } finally {
    unlinkIfThere(own);
  }
}

/** What file systems answer that have no links, or none to sockets. */
const CANNOT_LINK: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/** Listens under a name that may be too long for the system where the folder is named; through its descriptor it is not. */
async function listenShortly(own: string, given: string, maxBytes: number, listenOn: ListenOn): Promise<boolean> {
  if (Buffer.byteLength(given) <= maxBytes) {
    await listenOn(given);
    return true;
  }
  if (process.platform !== "linux") return false;
  const folder = openSync(dirname(own), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await listenOn(`/proc/self/fd/${folder}/${basename(own)}`);
    return true;
  } finally {
    closeSync(folder);
  }
}

/** An error of the system, which speaks of the name in the options. */
function renamed(error: unknown, own: string, given: string, path: string): unknown {
  if (error instanceof Error) {
    const { message } = error;
    error.message = message.replaceAll(own, path).replaceAll(given, path);
  }
  return error;
}

/** Whether the name was free. */
function linkTo(own: string, place: string): boolean {
  try {
    linkSync(own, place);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Removes what a dead process has left in a place, and takes the place. */
async function replaceStale(place: string, take: () => boolean): Promise<void> {
  const unlock = await lock(place);
  try {
    for (;;) {
      const found = statOf(place);
      if (found !== undefined) {
        // A connect to a file that is no socket is refused too, and that file is somebody's.
        if (!found.isSocket() || !(await isRefused(place))) throw addressInUse(place);
        if (!isSameFile(statOf(place), found)) continue;
        unlinkIfThere(place);
      }
      if (take()) return;
    }
  } finally {
    unlock();
  }
}

/** Whether nobody listens on a socket file any more: only a refused connection proves it. */
function isRefused(path: string): Promise<boolean> {
  return new Promise((settle) => {
    const probe = connect({ path });
    probe.once("connect", () => {
      probe.destroy();
      settle(false);
    });
    probe.once("error", (error) => settle(systemCode(error) === "ECONNREFUSED"));
  });
}

/**
 * Waits until no other process, and nobody else in this one, is about to remove a file in the same place. The lock is a
 * name that the system frees when its owner dies: on Linux an abstract socket. Elsewhere only this process is excluded, and
 * comparing the file before it is removed has to do.
 *
 * @returns what frees the lock.
 */
async function lock(place: string): Promise<() => void> {
  const folder = lstatSync(dirname(place));
  const file = `${folder.dev}:${folder.ino}:${basename(place)}`;
  const name = `\0plib-io ${createHash("sha256").update(file).digest("base64url")}`;
  for (const deadline = performance.now() + LOCK_TIMEOUT_MS; ; await pause(LOCK_INTERVAL_MS)) {
    const unlock = process.platform === "linux" ? await lockName(name) : lockHere(name);
    if (unlock !== undefined) return unlock;
    if (performance.now() >= deadline) throw addressInUse(place);
  }
}

function lockName(name: string): Promise<(() => void) | undefined> {
  return new Promise((settle) => {
    const server: Server = createServer((socket) => socket.destroy());
    server.once("error", () => settle(undefined));
    server.listen({ path: name, exclusive: true }, () => settle(() => void server.close()));
  });
}

const locked = new Set<string>();

function lockHere(name: string): (() => void) | undefined {
  if (locked.has(name)) return undefined;
  locked.add(name);
  return () => locked.delete(name);
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function isSameFile(a: Stats | undefined, b: Stats): boolean {
  return a !== undefined && a.ino === b.ino && a.dev === b.dev;
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone already, or the folder may not be written to any more.
  }
}

function addressInUse(path: string): Error {
  const message = `listen EADDRINUSE: address already in use ${path}`;
  return Object.assign(new Error(message), { code: "EADDRINUSE", syscall: "listen", address: path });
}
