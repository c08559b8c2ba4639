import type { ChannelSettings, DeadlineSettings, OpenSettings, ReplySettings } from "../../core/channel-settings.ts";
import type { CloseReason } from "../../core/close-reason.ts";
import type { MessageOf } from "../../core/data.ts";
import type { ChannelError } from "../../errors.ts";
import type { BlockingRequestHandler } from "../handler/blocking-request-handler.ts";

/** A handler class that fits a blocking server: of its mode and with its framing, whatever the device. */
export interface BlockingHandlerClass<Encoding extends BufferEncoding | undefined, Framing> {
  /** Called once for each connection, with the options of the server. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a handler says itself which links it can serve
  new (options: never): BlockingRequestHandler<Encoding, any>;
  /** The framing; has to be that of the server. */
  readonly framing: Framing;
}

/** The options of a blocking server that serves one line in its own thread. Those of its handler are passed on to it. */
export interface BlockingServerOptions<Encoding extends BufferEncoding | undefined, Link, Framing, Self>
  extends ChannelSettings<Encoding>, DeadlineSettings, ReplySettings, OpenSettings {
  /**
   * The class that serves the line: it extends the blocking request handler of the same framing.
   *
   * @defaultValue the hooks `processData` and `queryDone` of the server serve the line
   */
  handler?: BlockingHandlerClass<Encoding, Framing>;
  /** Called once for each complete message; instead of a handler class. */
  processData?(data: MessageOf<Encoding>, channel: BlockingRequestHandler<Encoding, Link>): void;
  /** Called after each pass of an exchange: whether to stop; instead of a handler class. */
  queryDone?(channel: BlockingRequestHandler<Encoding, Link>): boolean;
  /** Called when the line is open, with the channel that serves it. */
  onAccept?(channel: BlockingRequestHandler<Encoding, Link>): void;
  /** Called when the line is closed, with the reason. */
  onClose?(channel: BlockingRequestHandler<Encoding, Link>, reason: CloseReason): void;
  /** Called with faults that the handler's own `onError` did not take. */
  onError?(error: ChannelError, channel: BlockingRequestHandler<Encoding, Link>): void;
  /** Called when the line is open and the server begins to serve. */
  serverStart?(server: Self): void;
  /** Called when the server has stopped and everything is released. */
  serverClose?(server: Self): void;
  /** Asked ten times a second, and after each message: whether to go on. */
  keepRunning?(server: Self): boolean;
}
