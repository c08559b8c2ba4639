import { FramingError } from "../errors.ts";
import { ByteQueue } from "./byte-queue.ts";
import type { Framing } from "./framing.ts";

/** Makes messages of the bytes of one connection. Both modes read through it, so both see the same messages. */
export class MessageReader<Message extends string | Buffer> {
  readonly #queue: ByteQueue<Message>;
  readonly #framing: Framing;
  /** Whether the other end may still send; `"over"`: everything that it sent was looked at. */
  #input: "open" | "ended" | "over" = "open";
  /** Whether the codec has asked for more than there is. */
  #isWaiting = false;

  /**
   * @param framing the codec of this connection.
   * @param encoding what messages are decoded with; without it they are `Buffer`s.
   */
  constructor(framing: Framing, encoding: BufferEncoding | undefined) {
    this.#framing = framing;
    this.#queue = new ByteQueue(encoding);
  }

  /** How many bytes wait to be made into messages. */
  get length(): number {
    return this.#queue.length;
  }

  /** Whether the other end will send no more, and all that it sent has been handed out. */
  get isOver(): boolean {
    return this.#input === "over";
  }

  /** Takes in received bytes, which belong to the reader from now on. */
  push(bytes: Buffer): void {
    this.#queue.push(bytes);
    this.#isWaiting = false;
  }

  /** Takes note that the other end has closed its side. */
  end(): void {
    if (this.#input === "open") this.#input = "ended";
  }

  /** Drops what was received and not yet made into messages. */
  clear(): void {
    this.#queue.clear();
  }

  /**
   * The next complete message, or `undefined` if more bytes are needed.
   *
   * @throws FramingError for bytes that do not follow the framing, and `ERR_FRAME_TRUNCATED` for an end in mid-message.
   */
  next(): Message | undefined {
    if (this.#input === "over" || (this.#isWaiting && this.#input === "open")) return undefined;
    const message = this.#framing.decode(this.#queue);
    this.#isWaiting = message === undefined;
    if (message !== undefined || this.#input === "open") return message;
    this.#input = "over";
    const last = this.#framing.decodeEnd?.(this.#queue);
    if (this.#queue.length > 0) throw this.#truncated();
    return last;
  }

  #truncated(): FramingError {
    const { expected, headerLength = 0 } = this.#framing;
    const received = this.#queue.length - headerLength;
    this.#queue.clear();
    const of = expected === undefined ? "" : ` of ${expected}`;
    const text = `the channel ended in mid-message, after ${received}${of} bytes`;
    return new FramingError("ERR_FRAME_TRUNCATED", text, { received, expected });
  }
}
