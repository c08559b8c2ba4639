import type { ChannelError } from "../../errors.ts";

/** What a transport tells the connection above it. `closed` comes once and last. */
export interface TransportEvents {
  /** Bytes came in. They belong to the receiver and are never written to again. */
  data(bytes: Buffer): void;
  /** The other end will send no more. */
  ended(): void;
  /** All that was queued has been given to the system. */
  drained(): void;
  /** Everything is released. With an error if it was not asked for. */
  closed(error: ChannelError | undefined): void;
}

/** An open stream of bytes in both directions, as the asynchronous mode sees it. A device makes one a connection. */
export interface AsyncTransport<Link> {
  /** What users see of the device: addresses, control lines. */
  readonly link: Link;
  /**
   * Whether the stream is still good after a framing error. On a serial line it is, once the bad bytes are dropped; on a
   * socket it is not, for what follows may be forged.
   */
  readonly canResynchronise: boolean;
  /** Bytes that were written and have not been given to the system yet. */
  readonly queuedBytes: number;
  /** Bytes given to the system since the transport was opened. */
  readonly bytesWritten: number;
  /** Starts delivery. Called once. */
  attach(events: TransportEvents): void;
  /** Queues bytes, in this order. Must not be changed by the caller afterwards. */
  write(pieces: readonly Uint8Array[]): void;
  /** Stops the delivery of data, so that the other end has to wait. */
  pause(): void;
  /** Goes on with the delivery of data. */
  resume(): void;
  /** Sends all that is queued, then closes this side. `closed` follows when the other end has closed its side too. */
  finish(): void;
  /** Drops received bytes that the device still holds. */
  flush(): Promise<void>;
  /** Resolves when all bytes queued so far have left: for a socket to the system, for a serial line to the wire. */
  drain(): Promise<void>;
  /**
   * Closes at once. `closed` follows, with the error given here.
   *
   * @param isBroken whether the other end must not take this for the end of something whole, where that can be prevented.
   */
  destroy(error?: ChannelError, isBroken?: boolean): void;
}

/**
 * How a device is opened as a client. Given to a generated class as its static `open`: called with the options when a
 * channel is made, so that wrong ones are told then; what it returns is called each time the channel is to be opened, with
 * a signal that ends the attempt, and how long that will be at the most, in milliseconds (0: no limit).
 */
export type AsyncConnect<Options, Link> = (
  options: Options,
) => (signal: AbortSignal, limitMs?: number) => Promise<AsyncTransport<Link>>;

/** What a listener tells the server above it. */
export interface ListenerEvents<Link> {
  /** A connection was accepted. */
  accepted(transport: AsyncTransport<Link>): void;
  /** A connection was turned away because `maxConnections` are open. */
  dropped(): void;
  /** Accepting failed in a way that the server may survive. */
  failed(error: ChannelError): void;
}

/** A bound device that accepts connections. */
export interface AsyncListener {
  /**
   * Whether connections go on coming until the listener is closed. A serial line is one connection: the server has done
   * its work when it ends.
   */
  readonly acceptsMany: boolean;
  /** Where it listens: a TCP address with the real port, or a path. */
  readonly address: ListenAddress;
  /** Stops accepting. Resolves when the address is free again; connections that are open stay open. */
  close(): Promise<void>;
}

/** Where a server listens. `path` is a Unix socket, a named pipe or a serial port. */
export type ListenAddress =
  | { readonly host: string; readonly port: number; readonly path?: undefined }
  | { readonly path: string; readonly host?: undefined; readonly port?: undefined };

/** How a device is opened as a server, in the same two steps as for {@link AsyncConnect}. */
export type AsyncListen<Options, Link> = (options: Options) => (events: ListenerEvents<Link>) => Promise<AsyncListener>;
