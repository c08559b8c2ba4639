import type { ChildInfo } from "./children/server-child.ts";
import type { ChannelSettings, DeadlineSettings, ReplySettings } from "../../core/channel-settings.ts";

/** The options of a server that serves each connection in a child process. Those of its handlers are passed on to them. */
export interface BlockingForkingServerOptions<Encoding extends BufferEncoding | undefined, Self>
  extends ChannelSettings<Encoding>, DeadlineSettings, ReplySettings {
  /**
   * The module whose default export serves the connections: a class that extends the blocking request handler of the same
   * framing. Given as `new URL("./handler.js", import.meta.url)`, or as the text of such an address.
   */
  handler: URL | string;
  /**
   * How many children are kept free and ready, besides those that serve.
   *
   * @defaultValue 2
   * @group tuning
   */
  minSpareChildren?: number;
  /**
   * How many children there may be at once; that many connections are served at the same time.
   *
   * @defaultValue 16
   * @group tuning
   */
  maxChildren?: number;
  /**
   * How many connections may wait for a child; more are closed at once, and reported with `ERR_SERVER_BUSY`.
   *
   * @defaultValue 128
   * @group tuning
   */
  maxQueuedConnections?: number;
  /**
   * How long a connection may wait for a child, in milliseconds, before it is closed and reported with `ERR_SERVER_BUSY`;
   * 0 means no limit.
   *
   * @defaultValue 30000
   * @group tuning
   */
  queueTimeoutMs?: number;
  /**
   * After how many connections a child is replaced, give or take a tenth; 0 means never.
   *
   * @defaultValue 1000
   * @group tuning
   */
  maxRequestsPerChild?: number;
  /**
   * How long a handler may compute or block between two waits for its client, in milliseconds, before its process is ended
   * and reported with `ERR_HANDLER_HUNG`; 0 means no limit.
   *
   * @defaultValue 60000
   * @group tuning
   */
  hangTimeoutMs?: number;
  /**
   * How long connections may take to complete after SIGTERM or SIGINT in `serveForever`, in milliseconds.
   *
   * @defaultValue 10000
   * @group tuning
   */
  drainTimeoutMs?: number;
  /** Called when a child was started. */
  onChildStart?(child: ChildInfo): void;
  /** Called when a child has ended, for whatever reason. */
  onChildExit?(child: ChildInfo): void;
  /** Called with faults that no handler's own `onError` took: of a connection, of a child, or of the server itself. */
  onError?(error: Error): void;
  /** Called when the server listens and the first child is ready. */
  serverStart?(server: Self): void;
  /** Called when the server is closed and everything is released. */
  serverClose?(server: Self): void;
  /** Asked ten times a second: whether to go on. */
  keepRunning?(server: Self): boolean;
}
