/** What a forking server and its children say to each other. */
import type { TransferredError } from "../../../comm/error-transfer.ts";

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

/** A {@link ChildSetup}, serialised once for all children. */
export type SerialisedSetup = string;

/**
 * A message in its envelope. The channel between a server and its children is that of `process.send()`, which handlers may
 * use too: what does not have the key, which each child is given in its first message, is not of this protocol.
 */
export interface Envelope<Message> {
  readonly key: string;
  readonly message: Message;
}

/** The message in an envelope with this key; `undefined` for anything else. */
export function opened<Message>(received: Envelope<Message>, key: string): Message | undefined {
  const envelope = received as Partial<Envelope<Message>> | null | undefined;
  return envelope?.key === key ? envelope.message : undefined;
}

/** From the server to a child. A `serve` comes with the socket. */
export type ToChild =
  | { readonly kind: "setup"; readonly setup: SerialisedSetup }
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

/** Reported when all is well. */
export const ALIVE = 0x2e;
/** Reported when the handler neither waits for its client nor comes to an end. */
export const HUNG = 0x68;
/** The steps of a connection, reported in bytes and not as messages because there are so many of them. */
export const STEPS = {
  /** The child has the socket and begins to serve it. */
  begun: 0x62,
  /** The child is free again. Closing the connection is left to the server. */
  done: 0x64,
  /** The same, and the client has closed its side: there is nothing to wait for. */
  over: 0x6f,
  /** The same, and the client has got a part of what it was to get: it must not see a clean end. */
  cut: 0x78,
} as const;
export type Step = keyof typeof STEPS;
/** A report is one of the bytes above, and the lowest byte of the number of the connection that it is about. */
export const REPORT_BYTES = 2;

// The memory that a child shares with its watchdog:

/** When the handler has to be done, on the system's monotonic clock in milliseconds; 0: never. A 64-bit float. */
export const DUE = 0;
/** The number of the connection that is served. A 32-bit integer. */
export const CONNECTION = 2;
/** 1 when connections on which nothing is under way are not needed any more, as the server wished. A 32-bit integer. */
export const LEAVING = 3;
/** The size of that memory. */
export const WATCH_BYTES = 16;

/** The system's monotonic clock in milliseconds: the same in every thread. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
