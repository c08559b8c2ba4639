/** Connecting a socket on the event loop. */
import dns, { type LookupAddress } from "node:dns";
import { connect, isIP, type NetConnectOpts, type OnReadOpts, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { checkConnectOptions, connectError, type SocketConnectOptions, systemCode } from "./socket.ts";

/** The least and the most that an attempt at one of several addresses may be given. */
const LEAST_ATTEMPT_MS = 10;
const LONGEST_ATTEMPT_MS = 2_147_483_647;
/** How long to wait before a Unix socket is tried again whose queue of connections is full: at first, and at most. */
const SHORTEST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 16;

/**
 * A connected socket that nobody reads yet.
 *
 * @param signal ends the attempt.
 * @param limitMs when the signal will do so at the latest, in milliseconds from now; 0 means never. Where a name has several
 * addresses, each is given its share of that. A Unix socket whose queue of connections is full is tried again until then.
 * @param onread reads into a buffer of the caller's instead of emitting events.
 * @throws OptionsError `ERR_OPTIONS` for an address that is none.
 * @throws OpenError `ERR_CONNECT_REFUSED`, `ERR_CONNECT_UNREACHABLE`, `ERR_DNS`, `ERR_CONNECT_FAILED`.
 * @throws the `reason` of the signal, if it aborts.
 */
export async function openSocket(
  options: SocketConnectOptions,
  signal: AbortSignal,
  limitMs = 0,
  onread?: OnReadOpts,
): Promise<Socket> {
  const address = checkConnectOptions(options);
  const start = performance.now();
  signal.throwIfAborted();
  const common = {
    noDelay: options.noDelay ?? true,
    ...probing(options.keepAliveProbeMs),
    allowHalfOpen: true,
    ...(onread !== undefined && { onread }),
  };
  try {
    if ("path" in address) return await connectPatiently({ ...address, ...common }, signal);
    const { host = "localhost", port } = address;
    const found = isIP(host) === 0 ? await unlessAborted(lookUp(host), signal) : [];
    const leftMs = limitMs === 0 ? LONGEST_ATTEMPT_MS : limitMs - (performance.now() - start);
    return await connectOnce({ host, port, ...common, ...attempts(found, leftMs) }, signal);
  } catch (error) {
    throw error === signal.reason ? error : connectError(error as Error, options);
  }
}

/** The options of `node:net` for keep-alive probes. */
export function probing(keepAliveProbeMs = 0): { keepAlive: boolean; keepAliveInitialDelay: number } {
  return { keepAlive: keepAliveProbeMs > 0, keepAliveInitialDelay: keepAliveProbeMs };
}

/** All addresses of a host. */
function lookUp(host: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    dns.lookup(host, { all: true }, (error, addresses) => (error === null ? resolve(addresses) : reject(error)));
  });
}

/** The options of `node:net` that try these addresses one after another, and give each the same time. */
function attempts(addresses: readonly LookupAddress[], leftMs: number): object {
  if (addresses.length === 0) return {};
  const share = Math.floor(leftMs / addresses.length);
  return {
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: Math.min(Math.max(share, LEAST_ATTEMPT_MS), LONGEST_ATTEMPT_MS),
    lookup: (_host: string, _options: object, found: (error: null, all: readonly LookupAddress[]) => void) =>
      found(null, addresses),
  };
}

/** Tries again as long as the server has more connections than it has accepted: over TCP, the system does so itself. */
async function connectPatiently(target: NetConnectOpts, signal: AbortSignal): Promise<Socket> {
  for (let pauseMs = SHORTEST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await connectOnce(target, signal);
    } catch (error) {
      if (systemCode(error) !== "EAGAIN" || signal.aborted) throw error;
      await unlessAborted(pause(pauseMs), signal);
    }
  }
}

function connectOnce(target: NetConnectOpts, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect(target);
    // Nothing is read before somebody is there to take it.
    socket.pause();
    const aborted = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener("abort", aborted, { once: true });
    socket.once("error", (error) => {
      signal.removeEventListener("abort", aborted);
      reject(error);
    });
    socket.once("connect", () => {
      signal.removeEventListener("abort", aborted);
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}

/** @throws the `reason` of the signal, if it aborts before the work is done. */
function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const aborted = (): void => reject(signal.reason);
    const settled = (): void => signal.removeEventListener("abort", aborted);
    signal.addEventListener("abort", aborted, { once: true });
    work.then(resolve, reject).finally(settled);
  });
}
