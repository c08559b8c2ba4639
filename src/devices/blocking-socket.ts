import { HelperThread, LATE } from "../comm/helper-thread.ts";
import { asBuffer } from "../core/data.ts";
import { gather } from "../core/gather.ts";
import { DisconnectedError, StateError } from "../errors.ts";
import type { BlockingTransport } from "../modes/blocking-transport.ts";
import type { SocketResidentInfo } from "./blocking-socket-resident.ts";
import { readDescriptor, writeDescriptor } from "./descriptor.ts";
import { isListeningHere } from "./listening.ts";
import {
  checkConnectOptions,
  type CheckedAddress,
  resetError,
  shownAddress,
  type SocketConnectOptions,
  type SocketLink,
} from "./socket.ts";

/** How long a reply is looked for before the helper thread is asked to wait for it. */
const EAGER_MS = 0.2;
/** The same while the last reply took longer than {@link SLOW_MS}: looking would only burn time. */
const SCEPTICAL_MS = 0.02;
const SLOW_MS = 1;
/** How long closing may take; the helper needs a turn of its event loop. */
const CLOSE_TIMEOUT_MS = 2000;

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
  return (deadline) => connect(options, address, deadline);
}

function connect(
  options: SocketConnectOptions,
  address: CheckedAddress,
  deadline: number,
): BlockingTransport<SocketLink> | "late" {
  if (isListeningHere(address)) throw wouldDeadlock(options);
  const helper = HelperThread.current();
  const { host, port, path, noDelay, keepAliveProbeMs } = options;
  const opened = helper.open<SocketResidentInfo>(
    new URL("./blocking-socket-resident.js", import.meta.url),
    "openSocketResident",
    { host, port, path, noDelay, keepAliveProbeMs },
    deadline,
  );
  return opened === LATE ? "late" : new BlockingSocketTransport(helper, opened.resident, opened.info);
}

/** A connected socket: this thread reads and writes its descriptor, the helper thread owns it and does the long waits. */
class BlockingSocketTransport implements BlockingTransport<SocketLink> {
  readonly link: SocketLink;
  readonly canResynchronise = false;
  readonly #helper: HelperThread;
  readonly #resident: number;
  readonly #fd: number | undefined;
  #bytesWritten = 0;
  #patienceMs = EAGER_MS;
  #isClosed = false;
  /** Whether the helper still waits for bytes, after a deadline: those that come next are the helper's. */
  #isHelperReading = false;

  constructor(helper: HelperThread, resident: number, { fd, link }: SocketResidentInfo) {
    this.link = link;
    this.#helper = helper;
    this.#resident = resident;
    this.#fd = fd;
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  read(deadline: number): Buffer | "ended" | "late" {
    const start = performance.now();
    const bytes = this.#readAtOnce(Math.min(deadline, start + this.#patienceMs));
    if (bytes !== undefined) return bytes.length > 0 ? bytes : "ended";
    const answer = this.#helper.invoke(this.#resident, "read", [], deadline) as Uint8Array | undefined | typeof LATE;
    this.#isHelperReading = answer === LATE;
    this.#patienceMs = performance.now() - start > SLOW_MS ? SCEPTICAL_MS : EAGER_MS;
    if (answer === LATE) return "late";
    return answer === undefined ? "ended" : asBuffer(answer);
  }

  write(pieces: readonly Uint8Array[], deadline: number): boolean {
    for (const piece of gather(pieces)) {
      const written = this.#writeAtOnce(piece);
      this.#bytesWritten += written;
      if (written === piece.length) continue;
      const answer = this.#helper.invoke(this.#resident, "write", [piece.subarray(written)], deadline);
      if (answer === LATE) return false;
      this.#bytesWritten += piece.length - written;
    }
    return true;
  }

  finish(): void {
    this.#helper.invoke(this.#resident, "finish", [], performance.now() + CLOSE_TIMEOUT_MS);
  }

  leave(): void {
    this.finish();
  }

  flush(): void {
    while (this.#readAtOnce(0)?.length) continue;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.#helper.invoke(this.#resident, "close", [], performance.now() + CLOSE_TIMEOUT_MS);
    } catch {
      // With its thread, everything that the helper owned is released.
    }
  }

  /** Looks for bytes without giving the thread away: a quick peer answers sooner than a helper could be asked. */
  #readAtOnce(until: number): Buffer | undefined {
    const fd = this.#usableDescriptor();
    if (fd === undefined || this.#isHelperReading) return undefined;
    try {
      do {
        const bytes = readDescriptor(fd);
        if (bytes !== undefined) return bytes;
      } while (performance.now() < until);
    } catch (error) {
      throw resetError(error as Error, this.#bytesWritten);
    }
    return undefined;
  }

  #writeAtOnce(piece: Uint8Array): number {
    const fd = this.#usableDescriptor();
    if (fd === undefined) return 0;
    let written = 0;
    try {
      while (written < piece.length) {
        const taken = writeDescriptor(fd, piece, written);
        if (taken === 0) break;
        written += taken;
      }
    } catch (error) {
      throw resetError(error as Error, this.#bytesWritten + written);
    }
    return written;
  }

  /** The descriptor is the helper's: once that is dead, the number may be anybody's. */
  #usableDescriptor(): number | undefined {
    if (this.#isClosed || !this.#helper.isAlive) {
      throw new DisconnectedError("ERR_WORKER_DIED", "the helper thread that held the connection died; open it again");
    }
    return this.#fd;
  }
}

function wouldDeadlock(options: SocketConnectOptions): StateError {
  const text =
    `a server in this thread listens on ${shownAddress(options)}: it could not answer while this thread is blocked; ` +
    "move the server or the client to another thread or process";
  return new StateError("ERR_WOULD_DEADLOCK", text, { outcome: "not-sent" });
}
