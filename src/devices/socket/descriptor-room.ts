/** How many more connections the process has descriptors for: one count for all servers of a thread. Linux only. */
import { readdirSync, readFileSync } from "node:fs";
import type { Server } from "node:net";

/** Descriptors that are kept free for files, timers, children, and what other threads open between two looks. */
const SPARE_DESCRIPTORS = 32;
/** So large a part of the room, or so many connections, may be taken before the descriptors are counted again. */
const TAKEN_UNSEEN = 0.25;
const LEAST_TAKEN_UNSEEN = 8;
/** Where there was no room and no connection has closed, the descriptors are counted again after so long. */
const RECOUNT_MS = 100;

/** The servers of this thread. */
const servers = new Set<Server>();

/** What the last count has led to: so many connections are taken without another, or none while so many are open. */
type Allowance =
  | { readonly kind: "room"; left: number }
  | { readonly kind: "full"; readonly open: number; readonly since: number };

let allowance: Allowance = { kind: "room", left: 0 };

/** Counts the connections of a server from now on; call what is returned when it has closed. */
export function countConnectionsOf(server: Server): () => void {
  servers.add(server);
  return () => servers.delete(server);
}

/**
 * Whether a connection that was just accepted may stay. When the system runs out of descriptors, connections are lost
 * without a word; so they are turned away, and reported, before that.
 */
export function hasRoomForConnection(): boolean {
  if (process.platform !== "linux") return true;
  if (allowance.kind === "room" && allowance.left-- > 0) return true;
  if (allowance.kind === "full") {
    const isAsBefore = openConnections() >= allowance.open && performance.now() - allowance.since < RECOUNT_MS;
    if (isAsBefore) return false;
  }
  const room = countRoom();
  if (room < 0) {
    // The connection in question is about to be closed.
    allowance = { kind: "full", open: openConnections() - 1, since: performance.now() };
    return false;
  }
  allowance = { kind: "room", left: Math.max(LEAST_TAKEN_UNSEEN, room * TAKEN_UNSEEN) };
  return true;
}

function openConnections(): number {
  let sum = 0;
  for (const server of servers) sum += (server as unknown as { readonly _connections?: number })._connections ?? 0;
  return sum;
}

/** How many descriptors are left, the spare ones aside. */
function countRoom(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1];
    if (limit === undefined) return Number.POSITIVE_INFINITY;
    // Reading the folder takes one itself.
    return Number(limit) - SPARE_DESCRIPTORS - (readdirSync("/proc/self/fd").length - 1);
  } catch {
    // Without a /proc to look at, the limit is the user's to know.
    return Number.POSITIVE_INFINITY;
  }
}
