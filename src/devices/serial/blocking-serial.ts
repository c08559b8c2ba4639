import type { BlockingTransport } from "../../modes/blocking/blocking-transport.ts";
import { hasHungUp, READABLE, waitFor, WRITABLE } from "../../system/descriptors.ts";
import { whyNoSystemLibrary } from "../../system/library.ts";
import { readSome, writeSome } from "../../system/terminal-bytes.ts";
import { hasTerminals } from "../../system/terminal.ts";
import { ReadAhead } from "../socket/read-ahead.ts";
import { portClosedError, portGoneError, portUnavailableError } from "./serial-errors.ts";
import { type SerialSettings, serialSettings } from "./serial-settings.ts";
import { openTerminalNow } from "./open.ts";
import { TerminalLink } from "./terminal-link.ts";
import type { TerminalPort } from "./terminal-port.ts";
import type { BlockingSerialLink, SerialOptions } from "./serial.ts";

/**
 * The system says when there is something to read or room to write, but not always: a program that changes the settings may
 * have it wait for more bytes than come, and room is only announced when nearly everything has left. So it is tried this
 * often whatever the system says.
 */
const LONGEST_WAIT_MS = 100;
/** How often, once that has found bytes that the system had not announced. */
const DISTRUSTFUL_WAIT_MS = 5;
/** How many portions a flush takes off at most: a line that never falls silent has an end too. */
const MOST_FLUSHED = 64;

/** Opens a port, or closes it again if that took until the deadline. */
type OpenSerial = (deadline: number) => BlockingTransport<BlockingSerialLink> | "late";

/**
 * Opens a serial port for a client.
 *
 * @returns what opens the port, and throws an OpenError `ERR_PORT_NOT_FOUND`, `ERR_PORT_PERMISSION`, `ERR_PORT_NOT_TTY`,
 * `ERR_PORT_IN_USE`, `ERR_PORT_FAILED`, or an OptionsError for a setting that the driver does not have.
 * @throws OptionsError `ERR_OPTIONS` for an option that cannot be used.
 */
export function connectBlockingSerial(options: SerialOptions): OpenSerial {
  const settings = serialSettings(options);
  return (deadline) => openPort(settings, deadline);
}

/**
 * Opens a serial port for a server.
 *
 * @returns as {@link connectBlockingSerial}.
 * @throws as {@link connectBlockingSerial}.
 */
export function listenBlockingSerial(options: SerialOptions): OpenSerial {
  return connectBlockingSerial(options);
}

function openPort(settings: SerialSettings, deadline: number): BlockingTransport<BlockingSerialLink> | "late" {
  if (hasTerminals()) {
    const port = openTerminalNow(settings, deadline);
    return port === "late" ? "late" : new BlockingSerialTransport(port);
  }
  const reason = whyNoSystemLibrary() ?? `the terminals of ${process.platform} are not known to this package`;
  throw portUnavailableError(settings.path, `blocking mode needs the system's own calls: ${reason}; or use async mode`);
}

/** An open port, which the thread that opened it reads and writes. */
class BlockingSerialTransport implements BlockingTransport<BlockingSerialLink> {
  readonly link: BlockingSerialLink;
  readonly canResynchronise = true;
  readonly #port: TerminalPort;
  readonly #ahead = new ReadAhead();
  #bytesWritten = 0;
  #hasEnded = false;
  #waitMs = LONGEST_WAIT_MS;

  constructor(port: TerminalPort) {
    this.#port = port;
    this.link = new TerminalLink(port);
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  read(deadline: number, _isMidMessage: boolean, now: number = performance.now()): Buffer | "ended" | "late" {
    const ahead = this.#ahead.take();
    if (ahead !== undefined) return ahead;
    for (let left = deadline - now; !this.#hasEnded; left = deadline - performance.now()) {
      const isAnnounced = left <= 0 || this.#wait(READABLE, left) !== 0;
      const bytes = this.#read();
      if (bytes !== undefined && !isAnnounced) this.#waitMs = DISTRUSTFUL_WAIT_MS;
      if (bytes !== undefined) return bytes;
      if (!this.#hasEnded && left <= 0) return "late";
    }
    return "ended";
  }

  write(bytes: Uint8Array, _now: number, deadline: number): boolean {
    for (let rest = bytes; ;) {
      const taken = this.#writeOnce(rest);
      this.#bytesWritten += taken;
      if (taken === rest.length) return true;
      rest = rest.subarray(taken);
      const left = deadline - performance.now();
      if (left <= 0) return false;
      // Two ends that both only write would wait for each other.
      this.#wait(this.#ahead.isFull ? WRITABLE : READABLE | WRITABLE, left);
      this.#readAhead();
    }
  }

  drain(deadline: number): number {
    try {
      return this.#port.drainUntil(deadline);
    } catch (error) {
      throw this.#gone(error);
    }
  }

  finish(): void {}

  leave(): void {}

  flush(): void {
    this.#ahead.clear();
    for (let portion = 0; portion < MOST_FLUSHED && this.#read() !== undefined; portion++) continue;
  }

  close(): void {
    this.#port.closeNow();
  }

  /** Waits for a while; what the port is ready for. */
  #wait(interest: number, leftMs: number): number {
    try {
      return waitFor(this.#fd, interest, Math.min(leftMs, this.#waitMs));
    } catch (error) {
      throw this.#gone(error);
    }
  }

  /** Bytes that are there; `undefined` if there are none, or the line has hung up, which is noted. */
  #read(): Buffer | undefined {
    try {
      const bytes = readSome(this.#fd);
      if (bytes === undefined || bytes.length > 0) return bytes;
      // Nothing: a line that is gone, or one that somebody has set so, or sent an end of file in.
      this.#hasEnded = hasHungUp(this.#fd);
      return undefined;
    } catch (error) {
      this.#hasEnded = true;
      if ((error as NodeJS.ErrnoException).code === "EIO") return undefined;
      throw this.#gone(error);
    }
  }

  #readAhead(): void {
    if (this.#ahead.isFull) return;
    const bytes = this.#read();
    if (bytes !== undefined) this.#ahead.push(bytes);
  }

  #writeOnce(bytes: Uint8Array): number {
    try {
      return writeSome(this.#fd, bytes);
    } catch (error) {
      throw this.#gone(error);
    }
  }

  /** The descriptor; its number may belong to something else once the port is closed. */
  get #fd(): number {
    if (!this.#port.isOpen) throw portClosedError(this.#port.path);
    return this.#port.fd;
  }

  #gone(error: unknown): Error {
    return this.#port.isOpen ? portGoneError(this.#port.path, this.#bytesWritten, error) : (error as Error);
  }
}
