/**
 * The contract between channels and framings. A framing is *sans-I/O*: it takes messages out of bytes and makes bytes of
 * messages, and never knows where they come from or go to. One class serves every mode and every device.
 */

/** The received bytes that no message has been made of yet, seen from a framing. Indexes count from the first of them. */
export interface FrameInput<Message> {
  /** How many bytes are there. */
  readonly length: number;
  /** The byte at `index` (0 to `length - 1`). */
  at(index: number): number;
  /**
   * Where `needle` (one byte, or a sequence of them) first occurs, or -1. Bytes are never searched twice for the same
   * needle, however often and with however little new input this is called.
   */
  indexOf(needle: number | Uint8Array): number;
  /** Takes `length` bytes off the front as a message. Without a copy if they came in one piece. */
  take(length: number): Message;
  /** Takes `length` bytes off the front as raw bytes, for a framing that transforms them; then see {@link message}. */
  read(length: number): Buffer;
  /** Drops `length` bytes off the front. */
  skip(length: number): void;
  /** Makes a message of bytes that the framing worked out itself. */
  message(bytes: Buffer): Message;
}

/** Which end of an exchange a framing serves. */
export type ChannelRole = "client" | "server" | "persistent";

/**
 * What tells the end of a message: `"message"`, something in the bytes themselves; `"half-close"`, the sender closes its
 * side of the channel; `"channel"`, the channel is closed.
 */
export type MessageBoundary = "message" | "half-close" | "channel";

/** A codec: one object a connection, holding what it must remember between two reads. */
export interface Framing {
  /**
   * The next complete message at the front of `input`, or `undefined` if more bytes are needed: then it is called again
   * when they are there. Must leave the bytes of an incomplete message in `input`: what is left there at the end of the
   * channel is a truncated message.
   *
   * @throws FramingError for bytes that do not follow the framing.
   */
  decode<Message>(input: FrameInput<Message>): Message | undefined;
  /**
   * Called after {@link decode} answered `undefined` and the other end has closed its side: a message that this end
   * completes, or `undefined`. Without this method, bytes that are left are an `ERR_FRAME_TRUNCATED`.
   */
  decodeEnd?<Message>(input: FrameInput<Message>): Message | undefined;
  /** Whether a message may end anywhere in the stream: a character of text can then lie across two messages. */
  readonly isCutAnywhere?: boolean;
  /** How many bytes of content the message under way needs, where that is known. */
  readonly expected?: number | undefined;
  /** How many bytes come before the content of the message under way, where there are any and all of them are there. */
  readonly headerLength?: number;
  /**
   * The bytes that carry `payload`, in one piece or several. A large payload should be passed on as it is.
   *
   * @throws FramingError if this framing cannot carry the payload.
   */
  encode(payload: Uint8Array): Uint8Array | readonly Uint8Array[];
}

/** A framing as a class: what the generator combines with modes, devices and roles. */
export interface FramingClass<Options = never> {
  /**
   * @param options the framing's own options, checked here.
   * @param role which end of an exchange this object serves.
   */
  new (options: Options, role: ChannelRole): Framing;
  /** What the names of the classes with this framing end with. */
  readonly suffix: string;
  /** What tells the end of a message; {@link MessageBoundary}. */
  readonly boundary: MessageBoundary;
  /** What a device must be able to do: `"half-close"`, for instance. The generator leaves out devices that cannot. */
  readonly requires?: readonly string[];
}
