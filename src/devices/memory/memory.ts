import type { MemoryLine } from "./memory-line.ts";

/**
 * A line in memory, with both ends in one process. It is a device for tests: no system is involved, and a test decides
 * what the line does to the bytes.
 *
 * @phrase a line in memory
 * @address line: new MemoryLine()
 */
export class MemoryDevice {
  static readonly deviceName = "Memory";
  static readonly audience = "tests";
  /** One side can be closed alone. */
  static readonly provides = ["half-close"] as const;
}

/** Where a channel in memory begins and ends. */
export interface MemoryOptions {
  /** The line: both ends are given the same one. */
  line: MemoryLine;
}

/** A line in memory, as the channels on it see it. */
export interface MemoryLink {
  /** The line, to give it orders. */
  readonly line: MemoryLine;
}
