/** The words of the memory that an interrupter shares with its owner. */

/** What it is doing: {@link READY}, {@link UNABLE}, or 0 while it starts. */
export const STATE = 0;
/** 1 while it looks after its owner. */
export const WATCHING = 1;
/** Counts up whenever the owner enters a system call, then it is odd, and when it has left it. */
export const CALLS = 2;
/** The resident whose descriptor the system call is about. */
export const RESIDENT = 3;
export const WORDS = 4;

export const READY = 1;
/** There is no way to here. */
export const UNABLE = 2;

/** How often it is looked after the owner. The longest that a system call lasts is twice that. */
export const LOOK_INTERVAL_MS = 10;

/** What an interrupter is started with. */
export interface InterrupterData {
  readonly memory: SharedArrayBuffer;
  /** What the system calls the thread of the owner. */
  readonly thread: number;
}
