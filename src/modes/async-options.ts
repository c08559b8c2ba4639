import type { MessageOf } from "../core/data.ts";
import type { ChannelError } from "../errors.ts";

/** What every asynchronous call takes. */
export interface AsyncCallOptions {
  /** Ends the call when it aborts: the promise rejects with its `reason`. */
  signal?: AbortSignal;
  /** How long the call may take, in milliseconds; 0 means no limit. */
  timeoutMs?: number;
}

/** The settings that every asynchronous channel has. */
export interface AsyncChannelSettings<Encoding extends BufferEncoding | undefined> {
  /**
   * Decodes messages: they are handed over as strings instead of `Buffer`s.
   *
   * @defaultValue none: messages are `Buffer`s
   */
  encoding?: Encoding;
  /**
   * How many bytes may wait to be sent; sending more is an `ERR_BACKPRESSURE`.
   *
   * @defaultValue 16777216 (16 MiB)
   */
  maxQueuedBytes?: number;
  /**
   * How long the other end may take no byte of what waits to be sent, in milliseconds, before the channel is closed with
   * `ERR_WRITE_TIMEOUT`; 0 means no limit.
   *
   * @defaultValue 30000
   */
  writeTimeoutMs?: number;
}

/** The settings and the hooks of an asynchronous channel. */
export interface AsyncChannelOptions<
  Encoding extends BufferEncoding | undefined,
  Self,
> extends AsyncChannelSettings<Encoding> {
  /** Called once for each complete message; the next message waits for a promise that it returns. */
  processData?(data: MessageOf<Encoding>, channel: Self): void | Promise<void>;
  /** Called after each pass of the exchange: whether it is over. */
  queryDone?(channel: Self): boolean | Promise<boolean>;
  /** Called when the channel is open, before anything is sent or received. */
  onConnect?(channel: Self): void | Promise<void>;
  /** Called when the channel is closed and everything is released. */
  onClose?(channel: Self): void;
  /** Called with a fault that no call was waiting for. */
  onError?(error: ChannelError, channel: Self): void;
}

/** The deadlines of channels that wait for whatever the other end sends. */
export interface AsyncDeadlineOptions {
  /**
   * How long nothing may come in before the channel is closed with `ERR_IDLE_TIMEOUT`, in milliseconds; 0 means no limit.
   *
   * @defaultValue 300000 for handlers on sockets, else 0
   */
  idleTimeoutMs?: number;
  /**
   * How long a message may take from its first byte to its last, in milliseconds, before the channel is closed with
   * `ERR_FRAME_TIMEOUT`; 0 means no limit.
   *
   * @defaultValue 60000
   */
  messageTimeoutMs?: number;
  /**
   * How long the channel may be closed on one side only, in milliseconds; 0 means no limit.
   *
   * @defaultValue 30000
   */
  halfOpenTimeoutMs?: number;
}
