import { isatty } from "node:tty";
import { closeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread } from "node:worker_threads";
import {
  portClosedError,
  portLockedError,
  portUnavailableError,
  notTtyError,
  unknownSetting,
} from "./serial-errors.ts";
import type { SerialSettings } from "./serial-settings.ts";
import type { SerialControl, SerialStatus } from "./serial.ts";
import { openDeviceLater } from "./descriptor.ts";
import { FAREWELL_MS, type SerialPortHandle } from "./port.ts";

/** What is used of an open port of `serialport`'s binding: configuration, control lines, lock. Not the data. */
export interface BindingPortObject {
  readonly isOpen: boolean;
  close(): Promise<void>;
  /** Sets every line: one that is left out is taken for false. */
  set(lines: { brk?: boolean; dtr?: boolean; rts?: boolean; lowLatency?: boolean }): Promise<void>;
  get(): Promise<{ cts: boolean; dsr: boolean; dcd: boolean; lowLatency?: boolean }>;
  /** Drops what the driver holds, both what was received and what was not sent yet. */
  update(options: { baudRate: number }): Promise<void>;
  /** Drops what the driver holds, both what was received and what was not sent yet. */
  flush(): Promise<void>;
  /** Blocks a thread of the pool until everything that was written is on the wire, for ever if the line is stalled. */
  drain(): Promise<void>;
}

/** What is used of `serialport`'s binding. */
interface Binding {
  open(options: object): Promise<BindingPortObject>;
}

/**
 * How many ports wait for their drivers at the same time. Each wait holds a thread of the pool, which has four by default,
 * and a stalled line holds it until its output is dropped, which takes a thread too.
 */
const MOST_WAITING = 2;
let waiting = 0;
const turns: (() => void)[] = [];

/**
 * Opens a port through `serialport`'s binding, which loads its native addon. The binding works on the event loop of the main
 * thread, whichever thread calls it.
 *
 * @throws OpenError, OptionsError; errors of the system with their code.
 */
export async function openBindingPort(settings: SerialSettings, signal: AbortSignal): Promise<BindingPort> {
  const { path, rs485 } = settings;
  if (!isMainThread)
    throw portUnavailableError(path, 'in worker threads, ports need the package "koffi", and Linux: npm install koffi');
  if (rs485 !== undefined) throw unknownSetting("rs485", rs485);
  // The binding passes on texts: the system's codes come from an open of our own, which stays until the binding has opened
  // the device, so that the control lines do not drop in between.
  const fd = process.platform === "win32" ? undefined : await openTerminal(path, signal);
  try {
    const port = new BindingPort(path, await openBinding(settings));
    try {
      if (settings.dtr !== undefined || settings.rts !== undefined)
        await port.set({
          ...(settings.dtr !== undefined && { dtr: settings.dtr }),
          ...(settings.rts !== undefined && { rts: settings.rts }),
        });
    } catch (cause) {
      await port.close();
      throw settings.dtr === undefined
        ? unknownSetting("rts", settings.rts, cause)
        : unknownSetting("dtr", settings.dtr, cause);
    }
    return port;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

async function openTerminal(path: string, signal: AbortSignal): Promise<number> {
  const fd = await openDeviceLater(path, signal);
  if (isatty(fd)) return fd;
  closeSync(fd);
  throw notTtyError(path, "not a terminal");
}

async function openBinding(settings: SerialSettings): Promise<BindingPortObject> {
  const { interByteTimeoutMs: _, dtr: __, rts: ___, rs485: ____, ...options } = settings;
  const { SerialPort } = await loadSerialPort(settings.path);
  try {
    // The package types its options as what all systems have in common; it checks the rest when it opens the port.
    return await (SerialPort.binding as unknown as Binding).open(options);
  } catch (error) {
    throw bindingFault(settings, error);
  }
}

/**
 * Loads `serialport`.
 *
 * @throws OpenError `ERR_PORT_FAILED` if it is not installed, or cannot be loaded.
 */
export async function loadSerialPort(path: string): Promise<typeof import("serialport")> {
  try {
    return await import("serialport");
  } catch (cause) {
    const reason = 'the package "serialport" cannot be loaded; install it: npm install serialport';
    throw portUnavailableError(path, reason, cause);
  }
}

/** What the binding's own words mean. It quotes the system's in some, which are not looked at. */
const BINDING_FAULTS: readonly (readonly [words: RegExp, code: string])[] = [
  [/Cannot lock port/, "EAGAIN"],
  // Windows: of `CreateFile`. A COM port that another program has open is "access denied".
  [/: File not found$|: Unknown error code (?:3|1167)$/, "ENOENT"],
  [/: Access denied$|: Unknown error code (?:32|170)$/, "EBUSY"],
  [/: Invalid handle$/, "ENOTTY"],
];

/** The settings that the binding refuses, by its own words. */
const BINDING_REFUSALS: readonly (readonly [
  words: RegExp,
  setting: "parity" | "stopBits" | "dataBits" | "baudRate",
])[] = [
  [/^Invalid parity setting/, "parity"],
  [/^Invalid stop bits setting/, "stopBits"],
  [/^Invalid data bits setting/, "dataBits"],
  [/baud rate of -?\d+ is not supported|setting custom baud rate of|IOSSIOSPEED/, "baudRate"],
];

/** An error of the binding, with a code where its words are known. */
export function bindingFault(settings: Partial<SerialSettings> & { readonly path: string }, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { message } = error;
  const refusal = BINDING_REFUSALS.find(([words]) => words.test(message));
  if (refusal !== undefined) return unknownSetting(refusal[1], settings[refusal[1]], error);
  const code = BINDING_FAULTS.find(([words]) => words.test(message))?.[1];
  if (code === "EAGAIN") return portLockedError(settings.path, error);
  return code === undefined ? error : Object.assign(error, { code });
}

/** A port over `serialport`'s binding. */
export class BindingPort implements SerialPortHandle {
  readonly #path: string;
  readonly #port: BindingPortObject;
  /** What the lines were last set to. Opening a port raises DTR and RTS. */
  #lines: Required<SerialControl> = { dtr: true, rts: true, brk: false };

  constructor(path: string, port: BindingPortObject) {
    this.#path = path;
    this.#port = port;
  }

  /** The binding's own port. */
  get object(): BindingPortObject {
    return this.#port;
  }

  get isOpen(): boolean {
    return this.#port.isOpen;
  }

  async set(lines: SerialControl): Promise<void> {
    const port = this.#openPort();
    const wanted = { ...this.#lines, ...lines };
    // The binding sets every flag that it knows: what is to stay has to be given again.
    const { lowLatency } = await port.get();
    await port.set({ ...wanted, ...(lowLatency !== undefined && { lowLatency }) });
    this.#lines = wanted;
  }

  async get(): Promise<SerialStatus> {
    const { cts, dsr, dcd } = await this.#openPort().get();
    return { cts, dsr, dcd };
  }

  async setBaudRate(baudRate: number): Promise<void> {
    try {
      await this.#openPort().update({ baudRate });
    } catch (error) {
      throw bindingFault({ path: this.#path, baudRate }, error);
    }
  }

  async drain(): Promise<void> {
    if (waiting === MOST_WAITING) await new Promise<void>((resolve) => turns.push(resolve));
    else waiting++;
    try {
      // A turn may come after the port was closed.
      if (this.#port.isOpen) await this.#port.drain();
    } finally {
      const next = turns.shift();
      if (next === undefined) waiting--;
      else next();
    }
  }

  async close(): Promise<void> {
    const port = this.#port;
    if (!port.isOpen) return;
    const drained = this.drain().catch(() => "failed");
    const timer = new AbortController();
    const late = sleep(FAREWELL_MS, "late", { signal: timer.signal }).catch(() => "drained");
    const outcome = await Promise.race([late, drained]);
    timer.abort();
    if (outcome === "late") await port.flush().catch(() => undefined);
    if (port.isOpen) await port.close().catch(() => undefined);
  }

  #openPort(): BindingPortObject {
    if (!this.#port.isOpen) throw portClosedError(this.#path);
    return this.#port;
  }
}
