import type { CloseReason } from "../../core/close-reason.ts";
import type { ChannelError } from "../../errors.ts";
import type { AsyncTransport } from "./async-transport.ts";

/** Gives a handler the connection that it is to serve. Not for users: a server calls it once a handler. */
export const attach: unique symbol = Symbol("attach");

/** The server above a handler. */
export interface AsyncHandlerOwner<Handler> {
  /**
   * The handler has its connection, of which nothing was processed yet: the server may refuse it. What is returned is waited
   * for.
   */
  accepted(handler: Handler): unknown;
  /** A fault of the handler's channel that nobody else heard of. */
  handlerFailed(error: ChannelError, handler: Handler): void;
  /** The handler's channel is closed and everything is released. */
  handlerClosed(handler: Handler, reason: CloseReason): void;
}

/** What a server can hand connections to. */
export interface Attachable<Link> {
  [attach](transport: AsyncTransport<Link>, owner: AsyncHandlerOwner<this>): void;
}
