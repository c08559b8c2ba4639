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
   * needle, however often and with however little new input this is called. Sequences are told apart by identity: pass
   * the same object each time.
   *
   * @param from where the search starts; must not go back from one search for a needle to the next, in terms of bytes.
   * @defaultValue `from` is 0
   */
  indexOf(needle: number | Uint8Array, from?: number): number;
  /** Takes `length` bytes off the front as a message. Without a copy if they came in one piece. */
  take(length: number): Message;
  /** Takes `length` bytes off the front as raw bytes, for a framing that transforms them; then see {@link message}. */
  read(length: number): Buffer;
  /** Drops `length` bytes off the front. */
  skip(length: number): void;
  /** Makes a message of bytes that the framing worked out itself. */
  message(bytes: Buffer): Message;
  /**
   * Reports that `count` bytes between two messages belonged to neither and were skipped; the hook `onDropped` receives
   * the count. For the same input, report the same counts at the same messages, however the input is cut.
   */
  reportDropped(count: number): void;
}

/** Which end of an exchange a framing serves. */
export type ChannelRole = "client" | "server" | "persistent";

/**
 * What tells the end of a message: `"message"`, something in the bytes themselves; `"half-close"`, the sender closes its
 * side of the channel; `"channel"`, the channel is closed.
 */
export type MessageBoundary = "message" | "half-close" | "channel";

/**
 * What a framing needs of a clock. A codec has none itself: the channel watches the time, in both modes by the same
 * decisions, and calls {@link Framing.decodeSilence}. Durations are in milliseconds; 0 or `undefined`: nothing of the kind.
 */
export interface FramingTiming {
  /** Nothing came for so long while bytes are in the input: {@link Framing.decodeSilence} is called. */
  readonly silenceMs?: number;
  /**
   * Before a message is sent, nothing was received and nothing left for so long (own bytes count from the moment when
   * they have left the device). A message that has to wait is sent as soon as that holds.
   */
  readonly quietBeforeSendMs?: number;
  /** After opening, what comes is dropped, and nothing is sent, until nothing has come for so long. */
  readonly openQuietMs?: number;
}

/**
 * A codec: one object a connection, holding what it must remember between two reads. When received bytes are dropped from
 * outside (`flush()`, noise on a serial line), a new codec is made for what follows, except where {@link Framing.resume}
 * says otherwise.
 */
export interface Framing {
  /**
   * The next complete message at the front of `input`, or `undefined` if more bytes are needed: then it is called again
   * when they are there. Must leave the bytes of an incomplete message in `input`: what is left there at the end of the
   * channel is a truncated message. Bytes between two messages may be skipped.
   *
   * @throws FramingError for bytes that do not follow the framing. With `isRecoverable` the bad bytes are off the input,
   * or will be skipped by the next calls, and the channel calls `decode` again; without it, a socket is closed.
   */
  decode<Message>(input: FrameInput<Message>): Message | undefined;
  /**
   * Called after {@link decode} answered `undefined` and the other end has closed its side: a message that this end
   * completes, or `undefined`. Without this method, bytes that are left are an `ERR_FRAME_TRUNCATED`.
   */
  decodeEnd?<Message>(input: FrameInput<Message>): Message | undefined;
  /** Whether a message may end anywhere in the stream: a character of text can then lie across two messages. */
  readonly isCutAnywhere?: boolean;
  /** Called after `timing.silenceMs` without a byte: a message that the silence completes, or `undefined`. */
  decodeSilence?<Message>(input: FrameInput<Message>): Message | undefined;
  /**
   * Called after {@link decode} threw an error that is not recoverable, on a device that survives it (a serial line):
   * from now on the codec skips what belongs to the bad message. Without this method everything that was received is
   * dropped, and a new codec starts with whatever comes next.
   */
  resume?(): void;
  /** What the channel has to watch the clock for. Constant; read once, when the codec was made. */
  readonly timing?: FramingTiming;
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
