import type { SerialControl, SerialStatus } from "./serial.ts";

/**
 * An open port: locked, configured, and everything but its bytes. There is one implementation over the system's own calls
 * (Linux), and one over `serialport`'s binding. Failures carry the `code` of the system where it gave one.
 */
export interface SerialPortHandle {
  /** Whether requests can still be made. */
  readonly isOpen: boolean;
  /** Sets control lines; those left out stay as they are. */
  set(lines: SerialControl): Promise<void>;
  /** Reads status lines. */
  get(): Promise<SerialStatus>;
  /** Changes the speed, and drops what was received at the old one. */
  setBaudRate(baudRate: number): Promise<void>;
  /**
   * Resolves when everything that was written is on the wire; for a stalled line that is never. Rejects if the line is gone,
   * or when the port is closed meanwhile.
   */
  drain(): Promise<void>;
  /**
   * Closes the port. What its driver holds may leave for a short time and is dropped then: the system would hold the port
   * for up to 30 s. Never rejects: a port that is gone is closed too.
   */
  close(): Promise<void>;
}

/** How long the driver may still send, after the port was closed here, before what it holds is dropped. */
export const FAREWELL_MS = 250;
