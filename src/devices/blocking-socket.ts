import { HelperPipe } from "../comm/helper-pipe.ts";
import { HelperThread, LATE } from "../comm/helper-thread.ts";
import { StateError } from "../errors.ts";
import type { BlockingTransport } from "../modes/blocking-transport.ts";
import type { SocketResidentInfo } from "./blocking-socket-resident.ts";
import { BlockingSocketTransport, type SocketWait } from "./blocking-socket-transport.ts";
import { isListeningHere } from "./listening.ts";
import {
  checkConnectOptions,
  type CheckedAddress,
  shownAddress,
  type SocketConnectOptions,
  type SocketLink,
} from "./socket.ts";

/** How many pipes of closed connections are kept for the next ones. */
const MAX_SPARE_PIPES = 16;

const sparePipes: HelperPipe[] = [];

/**
 * Connects to a TCP or Unix socket, and blocks the thread meanwhile.
 *
 * @param wait how replies are waited for, if not in the best way.
 * @returns what connects, and throws an OpenError `ERR_CONNECT_REFUSED`, `ERR_CONNECT_UNREACHABLE`, `ERR_DNS`,
 * `ERR_CONNECT_FAILED`, a StateError `ERR_WOULD_DEADLOCK` if a server of this package listens there in this very thread,
 * or a DisconnectedError `ERR_WORKER_DIED`.
 * @throws OptionsError `ERR_OPTIONS` for an address that is none.
 */
export function connectBlockingSocket(
  options: SocketConnectOptions,
  wait: SocketWait = "best",
): (deadline: number) => BlockingTransport<SocketLink> | "late" {
  const address = checkConnectOptions(options);
  return (deadline) => connect(options, address, wait, deadline);
}

function connect(
  options: SocketConnectOptions,
  address: CheckedAddress,
  wait: SocketWait,
  deadline: number,
): BlockingTransport<SocketLink> | "late" {
  if (isListeningHere(address)) throw wouldDeadlock(options);
  const helper = HelperThread.current();
  const { host, port, path, noDelay, keepAliveProbeMs } = options;
  const pipe = sparePipes.pop() ?? new HelperPipe();
  pipe.reset();
  const opened = helper.open<SocketResidentInfo>(
    new URL("./blocking-socket-resident.js", import.meta.url),
    "openSocketResident",
    { host, port, path, noDelay, keepAliveProbeMs, memory: pipe.memory },
    deadline,
  );
  if (opened === LATE) return "late";
  const { fd, link } = opened.info;
  const way = { helper, resident: opened.resident, pipe };
  return new BlockingSocketTransport(link, way, fd, wait, () => {
    if (sparePipes.length < MAX_SPARE_PIPES) sparePipes.push(pipe);
  });
}

function wouldDeadlock(options: SocketConnectOptions): StateError {
  const text =
    `a server in this thread listens on ${shownAddress(options)}: it could not answer while this thread is blocked; ` +
    "move the server or the client to another thread or process";
  return new StateError("ERR_WOULD_DEADLOCK", text, { outcome: "not-sent" });
}
