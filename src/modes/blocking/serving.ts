import type { CloseReason } from "../../core/close-reason.ts";
import type { ChannelError } from "../../errors.ts";
import type { BlockingTransport } from "./blocking-transport.ts";

/** Serves one connection to its end. Not for users: a server calls it once a handler. */
export const serve: unique symbol = Symbol("serve");

/** The server above a blocking handler. */
export interface BlockingHandlerOwner {
  /** A fault of the handler's channel that its own `onError` did not take. */
  failed(error: ChannelError): void;
  /** Asked ten times a second, where given: whether to go on. */
  readonly keepRunning?: () => boolean;
}

/** What a blocking server can hand a connection to. */
export interface Servable<Link> {
  /** @returns why the connection closed. */
  [serve](transport: BlockingTransport<Link>, owner: BlockingHandlerOwner): CloseReason;
}
