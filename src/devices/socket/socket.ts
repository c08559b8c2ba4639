import { addressName } from "../../core/error-context.ts";
import { badOption, booleanOption, durationOption, integerOption } from "../../core/options.ts";
import { DisconnectedError, OpenError, ServerError } from "../../errors.ts";

/**
 * TCP and Unix domain sockets (named pipes on Windows).
 *
 * @phrase a TCP or Unix socket
 * @address host: "127.0.0.1", port: 4001
 */
export class SocketDevice {
  static readonly deviceName = "Socket";
  /** `"connections"`: a server accepts many; `"half-close"`: one side can be closed alone. */
  static readonly provides = ["connections", "half-close"] as const;
}

/** Where to connect to, and how. Give `port` (and `host`), or `path`. */
export interface SocketConnectOptions {
  /**
   * The host name or address to connect to.
   *
   * @defaultValue `"localhost"`
   */
  host?: string;
  /** The TCP port to connect to, 1 to 65535. */
  port?: number;
  /** The path of a Unix domain socket, or the name of a Windows named pipe, instead of `host` and `port`. */
  path?: string;
  /**
   * Whether small writes are sent at once, without waiting for more (Nagle's algorithm off).
   *
   * @defaultValue true
   * @group tuning
   */
  noDelay?: boolean;
  /**
   * Sends TCP keep-alive probes after so many milliseconds of silence; 0 sends none.
   *
   * @defaultValue 0
   * @group tuning
   */
  keepAliveProbeMs?: number;
}

/** Where to listen, and how. Give `port` (and `host`), or `path`. */
export interface SocketListenOptions {
  /**
   * The address to listen on.
   *
   * @defaultValue all addresses, IPv6 and IPv4
   */
  host?: string;
  /** The TCP port to listen on, 0 to 65535; 0 lets the system choose a free one, which `address()` tells. */
  port?: number;
  /**
   * The path of a Unix domain socket, or the name of a Windows named pipe, instead of `host` and `port`. A socket file that
   * is left over from a dead process is removed; one that is in use is an `ERR_ADDRESS_IN_USE`.
   */
  path?: string;
  /**
   * How many connections the system keeps waiting until they are accepted.
   *
   * @defaultValue 511
   * @group tuning
   */
  backlog?: number;
  /**
   * How many connections may be open at once; more are closed at once and counted in `stats().dropped`. On Linux never more
   * than the limit of open files leaves room for.
   *
   * @defaultValue Infinity
   * @group tuning
   */
  maxConnections?: number;
  /**
   * Whether small writes are sent at once, without waiting for more (Nagle's algorithm off).
   *
   * @defaultValue true
   * @group tuning
   */
  noDelay?: boolean;
  /**
   * Sends TCP keep-alive probes after so many milliseconds of silence; 0 sends none.
   *
   * @defaultValue 0
   * @group tuning
   */
  keepAliveProbeMs?: number;
}

/** The socket behind a channel: who is at its ends. Ports and addresses are `undefined` for Unix sockets. */
export interface SocketLink {
  /** The address of the other end. */
  readonly remoteAddress: string | undefined;
  /** The TCP port of the other end. */
  readonly remotePort: number | undefined;
  /** The address of this end. */
  readonly localAddress: string | undefined;
  /** The TCP port of this end. */
  readonly localPort: number | undefined;
}

/** An address that was checked. */
export type CheckedAddress = { readonly host: string | undefined; readonly port: number } | { readonly path: string };

/**
 * The address in the options of a client.
 *
 * @throws OptionsError `ERR_OPTIONS` if there is none, more than one, or one that cannot be.
 */
export function checkConnectOptions(options: SocketConnectOptions): CheckedAddress {
  return checkAddress(options, 1, "connect to");
}

/**
 * The address in the options of a server.
 *
 * @throws OptionsError `ERR_OPTIONS` if there is none, more than one, or one that cannot be.
 */
export function checkListenOptions(options: SocketListenOptions): CheckedAddress {
  integerOption("backlog", options.backlog, 0, 1);
  const { maxConnections } = options;
  if (maxConnections !== Number.POSITIVE_INFINITY) integerOption("maxConnections", maxConnections, 0, 1);
  return checkAddress(options, 0, "listen on");
}

/** Some versions of Node.js cut longer paths off without an error. Windows has names of pipes, which may be longer. */
export const MAX_PATH_BYTES: number = { linux: 107, win32: 255 }[process.platform as string] ?? 103;

function checkAddress(
  options: SocketConnectOptions | SocketListenOptions,
  leastPort: number,
  purpose: string,
): CheckedAddress {
  const { host, port, path } = options;
  booleanOption("noDelay", options.noDelay, true);
  durationOption("keepAliveProbeMs", options.keepAliveProbeMs, 0);
  if (path !== undefined) {
    if (port !== undefined) throw badOption("port", port, `give either port or path to ${purpose}, not both`);
    if (typeof path !== "string" || path === "")
      throw badOption("path", path, "give the path of a Unix socket or named pipe");
    checkPath(path);
    return { path };
  }
  if (port === undefined) throw badOption("port", port, `give a port, or a path, to ${purpose}`);
  if (host !== undefined && (typeof host !== "string" || host === ""))
    throw badOption("host", host, "give a host name or address");
  return { host, port: integerOption("port", port, 0, leastPort, 65_535) };
}

/** @throws OptionsError `ERR_OPTIONS` for a path that the system would cut. */
function checkPath(path: string): void {
  // Names of abstract sockets begin with a NUL and may hold others: Linux counts their bytes.
  const isAbstract = process.platform === "linux" && path.startsWith("\0");
  if (!isAbstract && path.includes("\0")) throw badOption("path", path, "a path has no NUL in it");
  const limit = isAbstract ? MAX_PATH_BYTES + 1 : MAX_PATH_BYTES;
  if (Buffer.byteLength(path) <= limit) return;
  throw badOption("path", path, `the system takes at most ${limit} bytes for the path of a Unix socket`);
}

/** Where the options point, for messages. */
export function shownAddress(options: SocketConnectOptions | SocketListenOptions): string {
  return addressName(options) ?? `${options.host ?? "localhost"}:${options.port}`;
}

/** The error of a failed attempt to connect. All causes are kept where several addresses were tried. */
export function connectError(cause: Error, options: SocketConnectOptions): OpenError {
  const errors = cause instanceof AggregateError ? (cause.errors as Error[]) : [];
  const code = systemCode(cause) ?? systemCode(errors[0]);
  const detail = errors.length > 0 ? errors.map(({ message }) => message).join("; ") : cause.message;
  const [ownCode, text] = CONNECT_ERRORS[code ?? ""] ?? ["ERR_CONNECT_FAILED", "cannot connect"];
  return new OpenError(ownCode, `${text}: ${shownAddress(options)} (${detail})`, {
    cause,
    errors,
    outcome: "not-sent",
  });
}

const UNREACHABLE = ["ERR_CONNECT_UNREACHABLE", "the host or network cannot be reached"] as const;
const DNS = ["ERR_DNS", "the host name cannot be resolved"] as const;
const TIMED_OUT = ["ERR_CONNECT_TIMEOUT", "the other end did not answer"] as const;

const CONNECT_ERRORS: Readonly<Record<string, readonly [OpenError["code"], string]>> = {
  ECONNREFUSED: ["ERR_CONNECT_REFUSED", "nobody listens there"],
  ENOENT: ["ERR_CONNECT_REFUSED", "there is no such socket"],
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  EHOSTDOWN: UNREACHABLE,
  EADDRNOTAVAIL: UNREACHABLE,
  ENOTFOUND: DNS,
  EAI_AGAIN: DNS,
  EAI_FAIL: DNS,
  ETIMEDOUT: TIMED_OUT,
};

/** The error of a connection that broke. */
export function resetError(cause: Error | undefined, bytesWritten: number): DisconnectedError {
  const detail = cause === undefined ? "" : ` (${cause.message})`;
  const text = `the connection was reset${detail}; open it again`;
  return new DisconnectedError(
    "ERR_CONNECTION_RESET",
    text,
    cause === undefined ? { bytesWritten } : { cause, bytesWritten },
  );
}

/** The error of a failed attempt to listen. */
export function listenError(cause: Error, options: SocketListenOptions): ServerError {
  const [code, text] = LISTEN_ERRORS[systemCode(cause) ?? ""] ?? ["ERR_LISTEN_FAILED", "cannot listen"];
  return new ServerError(code, `${text}: ${shownAddress(options)} (${cause.message})`, { cause });
}

const LISTEN_ERRORS: Readonly<Record<string, readonly [ServerError["code"], string]>> = {
  EADDRINUSE: ["ERR_ADDRESS_IN_USE", "another program listens there already"],
  EADDRNOTAVAIL: ["ERR_ADDRESS_UNAVAILABLE", "this machine has no such address"],
  EACCES: ["ERR_ADDRESS_UNAVAILABLE", "this user must not listen there"],
  ENOENT: ["ERR_ADDRESS_UNAVAILABLE", "the folder of the socket does not exist"],
};

/** The code that the system gave an error, `ECONNRESET` for instance. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}
