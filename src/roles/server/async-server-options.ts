import type { ChannelSettings, DeadlineSettings, ReplySettings } from "../../core/channel-settings.ts";
import type { CloseReason } from "../../core/close-reason.ts";
import type { MessageOf } from "../../core/data.ts";
import type { ChannelError } from "../../errors.ts";
import type { AsyncPersistentHandler } from "../persistent/async-persistent-handler.ts";
import type { AsyncRequestHandler } from "../handler/async-request-handler.ts";

/** What serves the connections of an asynchronous server. */
export type AsyncHandler<Encoding extends BufferEncoding | undefined, Link> =
  | AsyncRequestHandler<Encoding, Link>
  | AsyncPersistentHandler<Encoding, Link>;

/** A handler class that fits a server: of its mode and with its framing, whatever the device. */
export interface AsyncHandlerClass<Encoding extends BufferEncoding | undefined, Framing> {
  /** Called once for each connection, with the options of the server. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a handler says itself which links it can serve
  new (options: never): AsyncHandler<Encoding, any>;
  /** The framing; has to be that of the server. */
  readonly framing: Framing;
}

/** The options of an asynchronous server. Those of its handlers are passed on to them. */
export interface AsyncServerOptions<Encoding extends BufferEncoding | undefined, Link, Framing, Self>
  extends ChannelSettings<Encoding>, DeadlineSettings, ReplySettings {
  /**
   * The class that serves the connections, one object for each: it extends the request handler, or persistent request
   * handler, of the same mode and framing.
   *
   * @defaultValue the hooks `processData` and `queryDone` of the server serve all connections
   */
  handler?: AsyncHandlerClass<Encoding, Framing>;
  /** Called once for each complete message, with the channel that it came on; instead of a handler class. */
  processData?(data: MessageOf<Encoding>, channel: AsyncRequestHandler<Encoding, Link>): void | Promise<void>;
  /** Called after each pass of an exchange: whether its channel is to be closed; instead of a handler class. */
  queryDone?(channel: AsyncRequestHandler<Encoding, Link>): boolean | Promise<boolean>;
  /**
   * Called with the channel of each new connection, before anything that it sent is processed, which waits for a promise that
   * is returned. The channel has its `link`; `close()` or `finish()` refuses the connection.
   */
  onAccept?(channel: AsyncHandler<Encoding, Link>): unknown;
  /** Called when a connection is closed and everything of it is released, with the reason. */
  onClose?(channel: AsyncHandler<Encoding, Link>, reason: CloseReason): unknown;
  /** Called with faults that no handler's own `onError` took: of a channel, or of the server itself. */
  onError?(error: ChannelError, channel: AsyncHandler<Encoding, Link> | undefined): unknown;
  /** Called when the server listens; `listen()` waits for a promise that is returned. */
  serverStart?(server: Self): unknown;
  /** Called when the server is closed and everything is released; `close()` waits for a promise that is returned. */
  serverClose?(server: Self): unknown;
  /** Asked after each connection, and ten times a second: whether to go on. */
  keepRunning?(server: Self): boolean;
}

/** How {@link AsyncServer.close} closes. */
export interface ServerCloseOptions {
  /**
   * How long connections may take to complete what is under way, in milliseconds, before they are closed.
   *
   * @defaultValue 0
   */
  drainTimeoutMs?: number;
}

/** What a server has done so far. */
export interface AsyncServerStats {
  /** Connections that are open. */
  readonly open: number;
  /** Connections accepted since the server was made. */
  readonly accepted: number;
  /** Connections turned away because `maxConnections` were open. */
  readonly dropped: number;
}

/** The events of an asynchronous server, with what their listeners are called with. */
export interface AsyncServerEvents<Encoding extends BufferEncoding | undefined, Link> {
  /** The server listens. */
  listening: [];
  /** A connection was accepted. */
  accept: [channel: AsyncHandler<Encoding, Link>];
  /** A message came in; not emitted if there is a handler class or a `processData`. */
  message: [data: MessageOf<Encoding>, channel: AsyncRequestHandler<Encoding, Link>];
  /** A connection was turned away because `maxConnections` are open. */
  drop: [];
  /** The server is closed and everything is released. */
  close: [];
  /** A fault that no handler's own `onError` took. */
  error: [error: ChannelError, channel: AsyncHandler<Encoding, Link> | undefined];
}
