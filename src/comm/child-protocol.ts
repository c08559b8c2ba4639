/** What a process server and its children say to each other. */
import type { TransferredError } from "./error-transfer.ts";

/** What a child has to know before it serves: cloned, so that it may hold bytes. */
export interface ChildSetup {
  /** The address of the handler module. */
  readonly handler: string;
  /** The framing that the handler has to have. */
  readonly framing: { readonly name: string; readonly suffix: string };
  /** The options that each handler object is made with. */
  readonly options: object;
  /** How long a handler may compute or wait for something else than its client, in milliseconds; 0 means no limit. */
  readonly hangTimeoutMs: number;
}

/** From the server to a child. A `serve` comes with the socket. */
export type ToChild =
  | { readonly kind: "setup"; readonly setup: string }
  | { readonly kind: "serve"; readonly connection: number }
  | { readonly kind: "retire" };

/** From a child to the server. */
export type FromChild =
  /** The handler module is loaded. */
  | { readonly kind: "ready" }
  /** The handler module cannot be used. */
  | { readonly kind: "unfit"; readonly error: TransferredError }
  /** What could not be told on the descriptor for that. */
  | { readonly kind: "step"; readonly step: number; readonly connection: number }
  /** A fault of a handler that its own `onError` did not take. */
  | { readonly kind: "fault"; readonly error: TransferredError }
  /** The child was asked to end, and ends. */
  | { readonly kind: "leaving" };

/** The descriptor on which a child and its watchdog report, beside standard streams and the message channel. */
export const REPORT_FD = 4;
/** How often a watchdog reports, and looks whether the server still lives. */
export const WATCH_INTERVAL_MS = 100;

/** By what kind of wait the child's deadline is missed, as the watchdog reports it. */
export const MISSED = { idle: 0x69, message: 0x6d, write: 0x77, hang: 0x68 } as const;
export type Wait = keyof typeof MISSED;
/** Reported when all is well. */
export const ALIVE = 0x2e;
/** Reported when the connection is given up because nothing is under way on it, as the server wished. */
export const LEFT = 0x6c;
/** The steps of a connection, reported in bytes and not as messages because there are so many of them. */
export const STEPS = {
  /** The child has the socket and begins to serve it. */
  begun: 0x62,
  /** The child is free again. Closing the connection is left to the server. */
  done: 0x64,
  /** The same, and the client has closed its side: there is nothing to wait for. */
  over: 0x6f,
} as const;
export type Step = keyof typeof STEPS;
/** A report is one of the bytes above, and the lowest byte of the number of the connection that it is about. */
export const REPORT_BYTES = 2;

/** The memory that a child shares with its watchdog. */
export const WATCH_BYTES = 24;
/** When the wait has to be over, on the system's monotonic clock in milliseconds; 0: never. A 64-bit float. */
export const DUE = 0;
/**
 * What the child's main thread waits for: a value of {@link MISSED}. A watchdog that finds a wait for the client to be too
 * long, or not needed any more, puts {@link LATE} or {@link LEFT} there: nothing that comes then is looked at. A 32-bit
 * integer.
 */
export const WAIT = 2;
/** The number of the connection that is served. A 32-bit integer. */
export const CONNECTION = 3;
/** Counts the waits. A 32-bit integer. */
export const WAITS = 4;
/** The wait was too long. */
export const LATE = 1;

/** The system's monotonic clock in milliseconds: the same in every thread. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
