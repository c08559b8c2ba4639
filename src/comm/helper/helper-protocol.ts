import type { MessagePort } from "node:worker_threads";
import type { TransferredError } from "../error-transfer.ts";

/** The words of the memory that a helper thread shares with its owner. */
export const SIGNAL = 0;
/** What the helper is doing: {@link RUNNING}, {@link EXITED}, or 0 while it starts. */
export const STATE = 1;
/** Counts up ten times a second for as long as the helper's event loop turns. */
export const BEAT = 2;
export const WORDS = 3;

export const RUNNING = 1;
export const EXITED = 2;

/** How often {@link BEAT} counts. */
export const BEAT_INTERVAL_MS = 100;

/** What a helper thread is started with. */
export interface HelperData {
  readonly port: MessagePort;
  readonly memory: SharedArrayBuffer;
  /** The `NODE_OPTIONS` of the process, which the thread itself is started without. */
  readonly nodeOptions: string | undefined;
}

/** What a helper thread is asked to do. */
export type HelperRequest =
  | {
      readonly kind: "open";
      /** The module that opens a service, and the function in it. */
      readonly module: string;
      readonly name: string;
      readonly options: unknown;
    }
  | { readonly kind: "invoke"; readonly service: number; readonly method: string; readonly values: readonly unknown[] }
  /** The owner does not wait for a call any more; what the call has opened is closed. */
  | { readonly kind: "cancel"; readonly call: number };

/** The number of requests whose answer nobody wants to know. */
export const UNANSWERED = 0;

/** A request with its number. */
export type NumberedRequest = HelperRequest & { readonly id: number };

/** What came of a request. */
export type HelperReply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: TransferredError };

/** What the owner of an opened service gets. */
export interface Opened<Info> {
  readonly service: number;
  readonly info: Info;
}

/**
 * An object that lives in a helper thread and is called from its owner. All its methods may be called by name; values and
 * results are cloned on their way.
 */
export interface HelperService<Info> {
  /** What the owner gets when the service is open. */
  readonly info: Info;
  /** Releases everything; the service is forgotten then. */
  close(): Promise<void>;
}

/** Opens a service. If the signal aborts, what was opened is released and the promise rejects. */
export type OpenService<Info> = (options: never, signal: AbortSignal) => Promise<HelperService<Info>>;
