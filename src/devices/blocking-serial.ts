import { closeSync, constants, openSync } from "node:fs";
import { HelperThread, LATE } from "../comm/helper-thread.ts";
import { OpenError } from "../errors.ts";
import type { BlockingTransport } from "../modes/blocking-transport.ts";
import type { SerialResidentInfo } from "./blocking-serial-resident.ts";
import { readDescriptor, writeDescriptor } from "./descriptor.ts";
import { ReadAhead } from "./read-ahead.ts";
import { portGoneError, portOpenError } from "./serial-errors.ts";
import { type SerialSettings, serialSettings } from "./serial-settings.ts";
import type { BlockingSerialLink, SerialControl, SerialOptions, SerialStatus } from "./serial.ts";

/** A read waits for the first byte, at most so many tenths of a second: then the deadline is looked at. */
const READ_WAIT = { vmin: 0, vtime: 1 } as const;
/** A read that comes back without bytes sooner than this did not wait: the line is gone. */
const SHORTEST_WAIT_MS = 40;
/** How long to leave a line alone that takes no more bytes at the moment. */
const FULL_LINE_PAUSE_MS = 2;
/** How long closing, or a control line, may take. */
const CONTROL_TIMEOUT_MS = 2000;

const pause = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/**
 * Opens a serial port for a client, and blocks the thread meanwhile.
 *
 * @returns what opens the port, and throws an OpenError `ERR_PORT_NOT_FOUND`, `ERR_PORT_PERMISSION`, `ERR_PORT_NOT_TTY`,
 * `ERR_PORT_IN_USE`, `ERR_PORT_FAILED`, or a DisconnectedError `ERR_WORKER_DIED`.
 * @throws OptionsError `ERR_OPTIONS` for an option that cannot be used.
 */
export function connectBlockingSerial(
  options: SerialOptions,
): (deadline: number) => BlockingTransport<BlockingSerialLink> | "late" {
  const settings = serialSettings(options);
  return (deadline) => openPort(settings, deadline);
}

/**
 * Opens a serial port for a server, and blocks the thread meanwhile.
 *
 * @returns as {@link connectBlockingSerial}.
 * @throws as {@link connectBlockingSerial}.
 */
export function listenBlockingSerial(
  options: SerialOptions,
): (deadline: number) => BlockingTransport<BlockingSerialLink> | "late" {
  return connectBlockingSerial(options);
}

function openPort(settings: SerialSettings, deadline: number): BlockingTransport<BlockingSerialLink> | "late" {
  if (process.platform === "win32") throw noDescriptor(settings.path);
  const helper = HelperThread.current();
  const opened = helper.open<SerialResidentInfo>(
    new URL("./blocking-serial-resident.js", import.meta.url),
    "openSerialResident",
    { ...settings, ...READ_WAIT },
    deadline,
  );
  if (opened === LATE) return "late";
  const descriptors: number[] = [];
  try {
    // Reads wait in the kernel; writes must not, for a line can be stalled for ever.
    for (const flags of [0, constants.O_NONBLOCK]) {
      descriptors.push(openSync(settings.path, constants.O_RDWR | constants.O_NOCTTY | flags));
    }
    return new BlockingSerialTransport(helper, opened.resident, settings.path, descriptors as [number, number]);
  } catch (error) {
    for (const fd of descriptors) closeSync(fd);
    helper.invoke(opened.resident, "close", [], performance.now() + CONTROL_TIMEOUT_MS);
    throw portOpenError(settings, error);
  }
}

/** An open port: this thread reads and writes it, the helper thread has its lock, configuration and control lines. */
class BlockingSerialTransport implements BlockingTransport<BlockingSerialLink> {
  readonly link: BlockingSerialLink;
  readonly canResynchronise = true;
  readonly #helper: HelperThread;
  readonly #resident: number;
  readonly #path: string;
  readonly #readFd: number;
  readonly #writeFd: number;
  #bytesWritten = 0;
  readonly #ahead = new ReadAhead();
  #isClosed = false;
  #hasEnded = false;

  constructor(helper: HelperThread, resident: number, path: string, [readFd, writeFd]: [number, number]) {
    this.#helper = helper;
    this.#resident = resident;
    this.#path = path;
    this.#readFd = readFd;
    this.#writeFd = writeFd;
    this.link = new HelperSerialLink(path, (method, values) => this.#ask(method, values));
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  read(deadline: number): Buffer | "ended" | "late" {
    const ahead = this.#ahead.take();
    if (ahead !== undefined) return ahead;
    let emptyReads = 0;
    let start = performance.now();
    if (deadline <= start) return this.#readAtOnce();
    while (!this.#hasEnded) {
      const bytes = this.#read(this.#readFd);
      if (bytes === undefined || bytes.length > 0) return bytes ?? "ended";
      const now = performance.now();
      // One empty read may have found its tenth of a second nearly over.
      emptyReads = now - start < SHORTEST_WAIT_MS ? emptyReads + 1 : 0;
      if (emptyReads > 1) this.#hasEnded = true;
      else if (now >= deadline) return "late";
      start = now;
    }
    return "ended";
  }

  write(bytes: Uint8Array, _now: number, deadline: number): boolean {
    let written = 0;
    while (written < bytes.length) {
      const taken = this.#writeOnce(bytes, written);
      written += taken;
      this.#bytesWritten += taken;
      if (taken > 0) continue;
      if (performance.now() >= deadline) return false;
      if (this.#readAhead()) continue;
      Atomics.wait(pause, 0, 0, FULL_LINE_PAUSE_MS);
    }
    return true;
  }

  drain(deadline: number): number {
    return this.#helper.invoke(this.#resident, "drain", [], deadline) === LATE ? 1 : 0;
  }

  finish(): void {}

  leave(): void {}

  flush(): void {
    while (this.#readAhead()) continue;
    this.#ahead.clear();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#readFd);
    closeSync(this.#writeFd);
    try {
      this.#ask("close", []);
    } catch {
      // With its thread, everything that the helper owned is released.
    }
  }

  #ask(method: string, values: readonly unknown[]): unknown {
    return this.#helper.invoke(this.#resident, method, values, performance.now() + CONTROL_TIMEOUT_MS);
  }

  /** What is there; an end is only found by waiting. */
  #readAtOnce(): Buffer | "ended" | "late" {
    if (this.#hasEnded) return "ended";
    const bytes = this.#read(this.#writeFd);
    return bytes === undefined ? "ended" : bytes.length > 0 ? bytes : "late";
  }

  /** Waits for bytes as the descriptor does; `undefined` when the line has hung up. */
  #read(fd: number): Buffer | undefined {
    try {
      return readDescriptor(fd) ?? Buffer.alloc(0);
    } catch (error) {
      this.#hasEnded = true;
      if ((error as NodeJS.ErrnoException).code === "EIO") return undefined;
      throw portGoneError(this.#path, this.#bytesWritten, error);
    }
  }

  /** Whether there was something to be read without waiting. */
  #readAhead(): boolean {
    if (this.#ahead.isFull) return false;
    try {
      const bytes = readDescriptor(this.#writeFd);
      if (bytes === undefined || bytes.length === 0) return false;
      this.#ahead.push(bytes);
      return true;
    } catch {
      // That the line is gone is told to whoever reads or writes.
      return false;
    }
  }

  #writeOnce(bytes: Uint8Array, offset: number): number {
    try {
      return writeDescriptor(this.#writeFd, bytes, offset);
    } catch (error) {
      throw portGoneError(this.#path, this.#bytesWritten, error);
    }
  }
}

function noDescriptor(path: string): OpenError {
  const text = `${path} cannot be opened in blocking mode: Windows has no descriptors for ports; use the asynchronous class`;
  return new OpenError("ERR_PORT_FAILED", text, { outcome: "not-sent" });
}

/** Control and status lines, which the helper thread drives. */
class HelperSerialLink implements BlockingSerialLink {
  readonly path: string;
  readonly #ask: (method: string, values: readonly unknown[]) => unknown;

  constructor(path: string, ask: (method: string, values: readonly unknown[]) => unknown) {
    this.path = path;
    this.#ask = ask;
  }

  set(lines: SerialControl): void {
    this.#ask("set", [lines]);
  }

  get(): SerialStatus {
    return this.#ask("get", []) as SerialStatus;
  }

  update(options: { baudRate: number }): void {
    this.#ask("update", [options]);
  }
}
