import type { ChannelLimits } from "./channel-settings.ts";
import type { PendingInput } from "./exchange/receive-clock.ts";
import type { MessageProgress } from "./exchange/receive-errors.ts";
import type { Framing } from "./framing.ts";
import { MessageReader } from "./message-reader.ts";
import { ChannelError, FramingError } from "../errors.ts";

/** What a {@link MessageInput} needs to know. */
export type InputSettings = Pick<ChannelLimits, "makeFraming" | "encoding" | "interByteTimeoutMs">;

/** The received side of a connection: messages come out, and bad bytes end it or are left behind. */
export class MessageInput<Message extends string | Buffer> {
  readonly #settings: InputSettings;
  readonly #canResynchronise: boolean;
  readonly #report: (error: ChannelError) => void;
  #framing: Framing;
  #reader: MessageReader<Message>;
  /** Whether what comes in is of no interest: at all, or until the line has been silent. */
  #isDiscarding: "no" | "until-silent" | "always" = "no";

  /**
   * @param canResynchronise whether the stream is still good after bad bytes.
   * @param report hears of the faults that the input survives.
   */
  constructor(settings: InputSettings, canResynchronise: boolean, report: (error: ChannelError) => void) {
    this.#settings = settings;
    this.#canResynchronise = canResynchronise;
    this.#report = report;
    this.#framing = settings.makeFraming();
    this.#reader = new MessageReader(this.#framing, settings.encoding, true);
  }

  /** The codec in use, for both directions. */
  get framing(): Framing {
    return this.#framing;
  }

  /** How many bytes wait to be made into messages. */
  get length(): number {
    return this.#reader.length;
  }

  /** Whether the other end will send no more, and all its messages were taken. */
  get isOver(): boolean {
    return this.#reader.isOver;
  }

  /** What is left once all complete messages were taken. */
  get pending(): PendingInput {
    if (this.#isDiscarding === "until-silent") return "noise";
    return this.#reader.length > 0 ? "message" : "nothing";
  }

  /** How much of the message under way is there. */
  get progress(): MessageProgress {
    const { expected, headerLength = 0 } = this.#framing;
    return { received: Math.max(0, this.#reader.length - headerLength), expected };
  }

  /** Takes in received bytes. */
  push(bytes: Buffer): void {
    if (this.#isDiscarding === "no") this.#reader.push(bytes);
  }

  /** Takes note that the other end will send no more. */
  end(): void {
    this.#reader.end();
  }

  /** Drops what is there and everything that will come. */
  discard(): void {
    this.#isDiscarding = "always";
    this.#reader.clear();
  }

  /** Drops what is there; what comes next is the beginning of a message. */
  restart(): void {
    if (this.#isDiscarding === "until-silent") this.#isDiscarding = "no";
    this.#framing = this.#settings.makeFraming();
    this.#reader = new MessageReader(this.#framing, this.#settings.encoding, true);
  }

  /** The line was silent. Whether that cuts a message off. */
  silent(): boolean {
    if (this.#isDiscarding === "until-silent") this.#isDiscarding = "no";
    return this.#isDiscarding === "no" && this.#reader.length > 0;
  }

  /**
   * The next message, or `undefined` if there is none yet.
   *
   * @throws ChannelError for bad bytes that the connection does not survive.
   */
  next(): Message | undefined {
    while (this.#isDiscarding !== "always") {
      const before = this.#reader.length;
      try {
        return this.#reader.next();
      } catch (thrown) {
        const error = framingError(thrown);
        // A framing that has taken nothing would fail on the same bytes for ever.
        if (error.isRecoverable && this.#reader.length < before) this.#report(error);
        else this.reject(error);
      }
    }
    return undefined;
  }

  /**
   * Leaves bad bytes behind, if that is possible.
   *
   * @param isSilent whether the line is silent already, so that the next byte begins a message.
   * @throws ChannelError the error, if it is not.
   */
  reject(error: ChannelError, isSilent = false): void {
    if (!this.#canResynchronise || this.#reader.isOver) {
      this.discard();
      throw error;
    }
    this.restart();
    if (this.#settings.interByteTimeoutMs > 0 && !isSilent) this.#isDiscarding = "until-silent";
    this.#report(error);
  }
}

function framingError(thrown: unknown): ChannelError {
  if (ChannelError.is(thrown)) return thrown;
  return new FramingError("ERR_FRAME_INVALID", "the framing failed to decode what was received", { cause: thrown });
}
