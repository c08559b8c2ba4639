import { StringDecoder } from "node:string_decoder";
import { ChannelError, FramingError } from "../../errors.ts";
import { ByteQueue } from "../bytes/byte-queue.ts";
import type { CheckedSettings } from "../channel-settings.ts";
import type { PendingInput } from "../exchange/receive-clock.ts";
import type { MessageProgress } from "../exchange/receive-errors.ts";
import type { Framing } from "../framing.ts";

/** What a {@link MessageReader} needs to know of a channel. */
export type ReaderSettings = Pick<CheckedSettings, "makeFraming" | "encoding" | "interByteTimeoutMs">;

/**
 * What becomes of the bytes of the other end:
 *
 * | state | meaning |
 * | --- | --- |
 * | `open` | messages are made of them |
 * | `skipping` | bad bytes came: all are dropped until the line has been silent |
 * | `ended` | the other end has closed its side; what it sent is still to be looked at |
 * | `over` | all that it sent was looked at |
 * | `discarding` | nobody wants them any more |
 */
type State = "open" | "skipping" | "ended" | "over" | "discarding";

/** Makes messages of the bytes of one connection. Both modes read through it, so both see the same messages and errors. */
export class MessageReader<Message extends string | Buffer> {
  readonly #settings: ReaderSettings;
  readonly #canResynchronise: boolean;
  readonly #survived: (error: ChannelError) => void;
  readonly #dropped: (count: number) => void;
  readonly #queue: ByteQueue<Message>;
  #framing: Framing;
  /** Decodes the stream where the framing does not say where characters end. */
  #text: StringDecoder | undefined;
  #state: State = "open";
  /** Whether the codec has asked for more than there is. */
  #isWaiting = false;
  #taken = 0;
  /** Messages that silence has completed and that nobody has taken yet, with how many bytes each took on the wire. */
  #completed: { readonly message: Message; readonly taken: number }[] = [];

  /**
   * @param canResynchronise whether the stream is still good after bad bytes.
   * @param survived called with each fault that the reader leaves behind.
   * @param dropped called with how many bytes between two messages belonged to neither, where the framing counts them.
   * @param isCopying whether small messages are copied out of large reads; see {@link ByteQueue}.
   */
  constructor(
    settings: ReaderSettings,
    canResynchronise: boolean,
    survived: (error: ChannelError) => void,
    dropped: (count: number) => void = () => undefined,
    isCopying = true,
  ) {
    this.#settings = settings;
    this.#canResynchronise = canResynchronise;
    this.#survived = survived;
    this.#dropped = dropped;
    this.#framing = settings.makeFraming();
    this.#text = this.#textDecoder();
    this.#queue = new ByteQueue(this.#text === undefined ? settings.encoding : undefined, isCopying);
  }

  /** The codec in use, for both directions. */
  get framing(): Framing {
    return this.#framing;
  }

  /** How many bytes wait to be made into messages. */
  get length(): number {
    return this.#queue.length;
  }

  /** How many bytes are held here, those of complete messages included. */
  get heldBytes(): number {
    return this.#completed.reduce((sum, { taken }) => sum + taken, this.#queue.length);
  }

  /** How many bytes the last message took on the wire. */
  get taken(): number {
    return this.#taken;
  }

  /** Whether the other end will send no more, and all its messages were taken. */
  get isOver(): boolean {
    return this.#state === "over";
  }

  /** What is left once all complete messages were taken. */
  get pending(): PendingInput {
    if (this.#state === "skipping") return "noise";
    return this.#queue.length > 0 ? "message" : "nothing";
  }

  /** How much of the message under way is there. */
  get progress(): MessageProgress {
    const { expected, headerLength = 0 } = this.#framing;
    return { received: Math.max(0, this.#queue.length - headerLength), expected };
  }

  /** Takes in received bytes, which belong to the reader from now on. */
  push(bytes: Buffer): void {
    if (this.#state !== "open") return;
    this.#queue.push(bytes);
    this.#isWaiting = false;
  }

  /** Takes note that the other end has closed its side. */
  end(): void {
    if (this.#state === "open") this.#state = "ended";
    else if (this.#state === "skipping") this.#state = "over";
  }

  /** Drops what is there and everything that will come. */
  discard(): void {
    this.#queue.clear();
    this.#completed = [];
    if (this.#state !== "over") this.#state = "discarding";
  }

  /** Drops what is there; what comes next is the beginning of a message. */
  restart(): void {
    if (this.#state === "skipping") this.#state = "open";
    this.#queue.clear();
    this.#completed = [];
    this.#framing = this.#settings.makeFraming();
    this.#text = this.#textDecoder();
    this.#isWaiting = false;
  }

  /**
   * Drops what was received and not taken. Where the stream cannot resynchronise these are whole messages only: the rest
   * of a message must not be read as the beginning of one.
   *
   * @throws ChannelError for bad bytes that the connection does not survive.
   */
  flush(): void {
    if (this.#canResynchronise) this.restart();
    else while (this.next() !== undefined);
  }

  /**
   * The line was silent for `interByteTimeoutMs`. Whether that cuts a message off. It never does with a framing in which
   * silence completes messages: then {@link next} may have one. That is found out now, also if nobody takes messages at the
   * moment, for what comes next is part of another message.
   *
   * @throws ChannelError for bad bytes that the connection does not survive.
   */
  silent(): boolean {
    if (this.#state === "skipping") this.#state = "open";
    if (this.#state !== "open" || this.#queue.length === 0) return false;
    if (this.#framing.decodeSilence === undefined) return true;
    this.#completeBySilence();
    return false;
  }

  /**
   * The next complete message, or `undefined` if more bytes are needed, or none will come.
   *
   * @throws ChannelError for bytes that do not follow the framing and that the connection does not survive;
   * `ERR_FRAME_TRUNCATED` for an end in mid-message.
   */
  next(): Message | undefined {
    const completed = this.#completed.shift();
    if (completed !== undefined) {
      this.#taken = completed.taken;
      return completed.message;
    }
    while (this.#state === "open" || this.#state === "ended") {
      const { length } = this.#queue;
      try {
        return this.#next();
      } catch (thrown) {
        const error = framingError(thrown);
        // A framing that has taken nothing would fail on the same bytes for ever.
        if (error.isRecoverable && this.#queue.length < length) this.#survived(error);
        else this.#rejectBytes(error);
      } finally {
        // Before the message that follows them is delivered.
        const count = this.#queue.takeDropped();
        if (count > 0) this.#dropped(count);
      }
    }
    return undefined;
  }

  /**
   * Leaves the message under way behind, if that is possible.
   *
   * @param isSilent whether the line is silent already, so that the next byte begins a message.
   * @throws ChannelError the error, if it is not.
   */
  reject(error: ChannelError, isSilent = false): void {
    this.#checkSurvival(error);
    this.restart();
    if (this.#settings.interByteTimeoutMs > 0 && !isSilent && this.#state === "open") this.#state = "skipping";
    this.#survived(error);
  }

  /** Leaves bad bytes behind, if that is possible: as the framing does it, or else all that is there. */
  #rejectBytes(error: ChannelError): void {
    if (this.#framing.resume === undefined || this.#settings.interByteTimeoutMs > 0) return this.reject(error);
    this.#checkSurvival(error);
    this.#framing.resume();
    this.#survived(error);
  }

  #checkSurvival(error: ChannelError): void {
    if (this.#canResynchronise && this.#state !== "over") return;
    this.discard();
    throw error;
  }

  #completeBySilence(): void {
    const { length } = this.#queue;
    this.#isWaiting = false;
    try {
      const message = this.#framing.decodeSilence?.<Message>(this.#queue);
      if (message !== undefined) this.#completed.push({ message, taken: length - this.#queue.length });
    } catch (thrown) {
      const error = framingError(thrown);
      if (error.isRecoverable && this.#queue.length < length) this.#survived(error);
      else this.reject(error, true);
    }
  }

  #next(): Message | undefined {
    if (this.#isWaiting && this.#state === "open") return undefined;
    const { length } = this.#queue;
    const message = this.#text === undefined ? this.#decode() : this.#decodeText(this.#text);
    this.#isWaiting = message === undefined;
    this.#taken = length - this.#queue.length;
    if (message !== undefined || this.#state === "open") return message;
    return this.#end();
  }

  #decode(): Message | undefined {
    const { length } = this.#queue;
    const message = this.#framing.decode(this.#queue);
    // It would return the same message for ever.
    if (message !== undefined && this.#queue.length === length) throw this.#tookNothing();
    return message;
  }

  /** A read may bring nothing but a part of a character: that is no message yet. */
  #decodeText(decoder: StringDecoder): Message | undefined {
    for (;;) {
      const bytes = this.#decode();
      if (bytes === undefined) return undefined;
      const text = decoder.write(bytes);
      if (text !== "") return text as Message;
    }
  }

  /** The end of the input may complete a message. Of a character whose other bytes did not come, a replacement is left. */
  #end(): Message | undefined {
    this.#state = "over";
    const { length } = this.#queue;
    const last = this.#framing.decodeEnd?.<Message>(this.#queue);
    this.#taken = length - this.#queue.length;
    if (this.#queue.length > 0) throw this.#truncated();
    if (this.#text === undefined) return last;
    const text = this.#text.end(last);
    return text === "" ? undefined : (text as Message);
  }

  #textDecoder(): StringDecoder | undefined {
    const { encoding } = this.#settings;
    return this.#framing.isCutAnywhere === true && encoding !== undefined ? new StringDecoder(encoding) : undefined;
  }

  #tookNothing(): FramingError {
    const { name } = this.#framing.constructor;
    const text = `decode() of ${name} returned a message without taking a byte of the input`;
    return new FramingError("ERR_FRAME_INVALID", `${text}: take(), read() or skip() the bytes of each message`);
  }

  #truncated(): FramingError {
    const { received, expected } = this.progress;
    this.#queue.clear();
    const of = expected === undefined ? "" : ` of ${expected}`;
    const text = `the channel ended in mid-message, after ${received}${of} bytes`;
    return new FramingError("ERR_FRAME_TRUNCATED", text, { received, expected });
  }
}

/** The message of the error whose cause a framing threw, which was none of the package's errors. */
export const DECODE_FAILED: string = "the framing failed to decode what was received";

function framingError(thrown: unknown): ChannelError {
  if (ChannelError.is(thrown)) return thrown;
  return new FramingError("ERR_FRAME_INVALID", DECODE_FAILED, { cause: thrown });
}
