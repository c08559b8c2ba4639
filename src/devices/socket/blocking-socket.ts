import { closeSync, fstatSync } from "node:fs";
import { isIP } from "node:net";
import { helperDied, HelperThread, LATE } from "../../comm/helper/helper-thread.ts";
import { ChannelError, StateError } from "../../errors.ts";
import type { BlockingTransport } from "../../modes/blocking/blocking-transport.ts";
import { duplicate } from "../../system/descriptors.ts";
import { systemLibrary } from "../../system/library.ts";
import { ownSocketCalls } from "../../system/socket-calls.ts";
import { type SystemAddress, socketEnd } from "../../system/socket-address.ts";
import { canConnectSockets, connectSocket } from "../../system/socket-connect.ts";
import { RelayedSocketTransport } from "./blocking-socket-relay.ts";
import type { SocketDescriptor, SocketServiceInfo } from "./blocking-socket-service.ts";
import { BlockingSocketTransport } from "./blocking-socket-transport.ts";
import { isListeningHere } from "./listening.ts";
import {
  checkConnectOptions,
  type CheckedAddress,
  connectError,
  shownAddress,
  type SocketConnectOptions,
  type SocketLink,
} from "./socket.ts";

/**
 * Connects to a TCP or Unix socket, and blocks the thread meanwhile.
 *
 * @returns what connects, and throws an OpenError `ERR_CONNECT_REFUSED`, `ERR_CONNECT_UNREACHABLE`, `ERR_DNS`,
 * `ERR_CONNECT_FAILED`, a StateError `ERR_WOULD_DEADLOCK` if a server of this package listens there in this very thread,
 * or a DisconnectedError `ERR_WORKER_DIED`.
 * @throws OptionsError `ERR_OPTIONS` for an address that is none.
 */
export function connectBlockingSocket(
  options: SocketConnectOptions,
): (deadline: number) => BlockingTransport<SocketLink> | "late" {
  const address = checkConnectOptions(options);
  const direct = directAddress(address, options);
  return (deadline) => {
    if (isListeningHere(address)) throw wouldDeadlock(options);
    return direct !== undefined && canConnectSockets()
      ? connectHere(direct, options, deadline)
      : connectByHelper(options, deadline);
  };
}

/** The address as the system takes it, if no name has to be resolved and nothing else needs the helper. */
function directAddress(
  address: CheckedAddress,
  { keepAliveProbeMs = 0 }: SocketConnectOptions,
): SystemAddress | undefined {
  if ("path" in address) return address;
  const { host = "", port } = address;
  const family = isIP(host);
  // An address with a zone names an interface.
  if ((family !== 4 && family !== 6) || host.includes("%") || keepAliveProbeMs > 0) return undefined;
  return { family, host, port };
}

function connectHere(
  address: SystemAddress,
  options: SocketConnectOptions,
  deadline: number,
): BlockingSocketTransport | "late" {
  let fd: number | "late";
  try {
    fd = connectSocket(address, options.noDelay ?? true, deadline);
  } catch (error) {
    throw connectError(error as Error, options);
  }
  return fd === "late" ? "late" : new BlockingSocketTransport(fd, ownSocketCalls(fd), linkOf(fd));
}

function linkOf(fd: number): () => SocketLink {
  return () => {
    const remote = socketEnd(fd, "remote");
    const local = socketEnd(fd, "local");
    return {
      remoteAddress: remote.address,
      remotePort: remote.port,
      localAddress: local.address,
      localPort: local.port,
    };
  };
}

function connectByHelper(options: SocketConnectOptions, deadline: number): BlockingTransport<SocketLink> | "late" {
  const helper = HelperThread.current();
  const { host, port, path, noDelay, keepAliveProbeMs } = options;
  const opened = helper.open<SocketServiceInfo>(
    new URL("./blocking-socket-service.js", import.meta.url),
    "openSocketService",
    { host, port, path, noDelay, keepAliveProbeMs, limitMs: deadline - performance.now() },
    deadline,
  );
  if (opened === LATE) return "late";
  const { service } = opened;
  const { link, descriptor } = opened.info;
  if (descriptor === undefined || systemLibrary() === undefined)
    return new RelayedSocketTransport(link, helper, service);
  try {
    const fd = takeOver(descriptor);
    return new BlockingSocketTransport(fd, ownSocketCalls(fd), () => link);
  } catch (error) {
    throw ChannelError.is(error) ? error : connectError(error as Error, options);
  } finally {
    // Closes the helper's descriptor, not the connection.
    helper.tell(service, "close");
  }
}

/** A descriptor of this thread for a socket of the helper. */
function takeOver({ fd, inode }: SocketDescriptor): number {
  const own = duplicate(fd);
  // A helper that died meanwhile has closed it, and its number may be that of another file.
  if (fstatSync(own).ino === inode) return own;
  closeSync(own);
  throw helperDied();
}

function wouldDeadlock(options: SocketConnectOptions): StateError {
  const text =
    `a server in this thread listens on ${shownAddress(options)}: it could not answer while this thread is blocked; ` +
    "move the server or the client to another thread or process";
  return new StateError("ERR_WOULD_DEADLOCK", text, { outcome: "not-sent" });
}
