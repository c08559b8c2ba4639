import { StringDecoder } from "node:string_decoder";
import { FramingError } from "../errors.ts";
import { ByteQueue } from "./byte-queue.ts";
import type { Framing } from "./framing.ts";

/** Makes messages of the bytes of one connection. Both modes read through it, so both see the same messages. */
export class MessageReader<Message extends string | Buffer> {
  readonly #queue: ByteQueue<Message>;
  readonly #framing: Framing;
  /** Decodes the stream where the framing does not say where characters end. */
  readonly #text: StringDecoder | undefined;
  /** Whether the other end may still send; `"over"`: everything that it sent was looked at. */
  #input: "open" | "ended" | "over" = "open";
  /** Whether the codec has asked for more than there is. */
  #isWaiting = false;

  /**
   * @param framing the codec of this connection.
   * @param encoding what messages are decoded with; without it they are `Buffer`s.
   * @param isCopying whether small messages are copied out of large reads; see {@link ByteQueue}.
   */
  constructor(framing: Framing, encoding: BufferEncoding | undefined, isCopying = false) {
    const isStream = framing.isCutAnywhere === true && encoding !== undefined;
    this.#framing = framing;
    this.#text = isStream ? new StringDecoder(encoding) : undefined;
    this.#queue = new ByteQueue(isStream ? undefined : encoding, isCopying);
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
    const message = this.#text === undefined ? this.#decode() : this.#decodeText(this.#text);
    this.#isWaiting = message === undefined;
    if (message !== undefined || this.#input === "open") return message;
    this.#input = "over";
    const last = this.#decodeEnd();
    if (this.#queue.length > 0) throw this.#truncated();
    return last;
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

  /** Of a character whose other bytes did not come, a replacement character is left. */
  #decodeEnd(): Message | undefined {
    const last = this.#framing.decodeEnd?.<Message>(this.#queue);
    if (this.#text === undefined) return last;
    const text = this.#text.end(last);
    return text === "" ? undefined : (text as Message);
  }

  #tookNothing(): FramingError {
    const { name } = this.#framing.constructor;
    const text = `decode() of ${name} returned a message without taking a byte of the input`;
    return new FramingError("ERR_FRAME_INVALID", `${text}: take(), read() or skip() the bytes of each message`);
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
