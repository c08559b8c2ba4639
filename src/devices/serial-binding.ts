import { promises as fs } from "node:fs";
import type { Stats } from "node:fs";
import { notTtyError, portOpenError } from "./serial-errors.ts";
import type { SerialSettings } from "./serial-settings.ts";

/** What is used of an open port of `serialport`'s binding: configuration, control lines, lock. Not the data. */
export interface SerialBindingPort {
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

/** How a read that blocks waits: for so many bytes, and for so many tenths of a second. POSIX only. */
export interface ReadWait {
  readonly vmin: number;
  readonly vtime: number;
}

/** For the first byte, however long that takes. */
const FIRST_BYTE: ReadWait = { vmin: 1, vtime: 0 };

/** What is used of `serialport`'s binding. */
interface SerialBinding {
  open(options: Omit<SerialSettings, "interByteTimeoutMs"> & ReadWait): Promise<SerialBindingPort>;
}

/**
 * Opens, configures and locks a port. This is what loads `serialport` and its native addon.
 *
 * @param readWait how reads on a blocking descriptor of the port wait.
 * @throws OpenError `ERR_PORT_NOT_FOUND`, `ERR_PORT_PERMISSION`, `ERR_PORT_NOT_TTY`, `ERR_PORT_IN_USE`, `ERR_PORT_FAILED`.
 * @throws OptionsError `ERR_OPTIONS` if the system does not know a setting.
 */
export async function openSerialPort(
  settings: SerialSettings,
  readWait: ReadWait = FIRST_BYTE,
): Promise<SerialBindingPort> {
  const { interByteTimeoutMs: _, ...openOptions } = { ...settings, ...readWait };
  try {
    // Opening a FIFO or a file would not fail, and would wait or write where nobody meant it.
    if (process.platform !== "win32") await checkDevice(settings.path);
    const { SerialPort } = await import("serialport");
    // The package types its options as what all systems have in common; it checks the rest when it opens the port.
    return await (SerialPort.binding as unknown as SerialBinding).open(openOptions);
  } catch (error) {
    throw error instanceof NotDevice ? notTtyError(settings.path, error.message) : portOpenError(settings, error);
  }
}

/** Tells a path that leads to no device from a failure of the system. */
class NotDevice extends Error {}

async function checkDevice(path: string): Promise<void> {
  const stats = await fs.stat(path);
  if (!stats.isCharacterDevice()) throw new NotDevice(kindOf(stats));
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a directory";
  if (stats.isFIFO()) return "a FIFO";
  if (stats.isSocket()) return "a Unix socket";
  return stats.isFile() ? "a regular file" : "a block device";
}
