import { type Data, toBytes } from "../core/data.ts";
import type { FrameInput, Framing, MessageBoundary } from "../core/framing.ts";
import { DEFAULT_MAX_MARKED_SIZE, recoverable, tooLarge } from "../core/limits.ts";
import { type MarkedContent, PlainContent, StuffedContent } from "../core/bytes/marked-content.ts";
import { badOption, functionOption, integerOption } from "../core/options.ts";

/** The options of start-and-end framing. */
export interface StartEndFramingOptions {
  /**
   * What each message starts with: a number from 0 to 255 for one byte, or any bytes but none; a string stands for its UTF-8
   * bytes. Must differ from `endMarker`, and not be a part of it that ends before it does.
   *
   * @defaultValue 0x02 (STX)
   */
  startMarker?: number | Data;
  /**
   * What each message ends with, in the same forms.
   *
   * @defaultValue 0x03 (ETX)
   */
  endMarker?: number | Data;
  /**
   * A byte that makes the byte behind it part of the message, whatever it is: a number from 0 to 255, or a string or bytes of
   * one byte. With it any bytes can be sent; without it a payload must contain neither marker.
   *
   * @defaultValue none
   */
  escape?: number | Data;
  /**
   * What the byte behind an `escape` is changed with, by exclusive or: 0x20 for HDLC, PPP and XBee. Needs `escape`.
   *
   * @defaultValue 0: it stays as it is
   */
  escapeXor?: number;
  /**
   * The largest message accepted, in bytes, without markers and escapes; a larger one is an `ERR_FRAME_TOO_LARGE`, and the
   * channel continues with the next message.
   *
   * @defaultValue 1048576 (1 MiB)
   */
  maxMessageSize?: number;
  /**
   * Called when a message starts, with how many bytes between the previous message and this one belonged to neither and were
   * dropped; not called if there were none.
   */
  onDropped?(count: number): unknown;
}

/**
 * Each message stands between a start and an end marker, STX and ETX by default. What comes outside of messages is dropped. A
 * start inside a message is an `ERR_FRAME_INVALID`: the channel reports it and continues with the message that starts there.
 * With an `escape` any bytes can be sent; without it a payload that contains a marker is an `ERR_TERMINATOR_IN_PAYLOAD`, with
 * nothing written.
 *
 * @phrase each message stands between a start and an end marker
 * @wire the start marker, the bytes, the end marker
 */
export class StartEndFraming implements Framing {
  static readonly suffix = "WithStartEnd";
  static readonly boundary: MessageBoundary = "message";
  readonly #start: Buffer;
  readonly #end: Buffer;
  /** The start as something to search for: a single byte as a number, which is faster. */
  readonly #startNeedle: number | Buffer;
  readonly #content: MarkedContent;
  readonly #maxMessageSize: number;
  /** `"outside"` of messages, `"inside"` of one, or `"skipping"` the rest of one that was reported already. */
  #state: "outside" | "inside" | "skipping" = "outside";
  /** How many bytes were dropped since the last message. */
  #dropped = 0;

  /**
   * @throws OptionsError `ERR_OPTIONS`, naming the option and its value.
   */
  constructor(options: StartEndFramingOptions) {
    this.#start = markerOption("startMarker", options.startMarker, 0x02);
    this.#end = markerOption("endMarker", options.endMarker, 0x03);
    const startInEnd = this.#end.indexOf(this.#start);
    const isReached = startInEnd < 0 || (startInEnd > 0 && startInEnd + this.#start.length === this.#end.length);
    if (!isReached)
      throw badOption("startMarker", options.startMarker, "give a marker that endMarker does not contain");
    this.#startNeedle = this.#start.length === 1 ? (this.#start[0] as number) : this.#start;
    this.#content = contentOption(options, this.#start, this.#end);
    functionOption("onDropped", (options as { readonly onDropped?: unknown }).onDropped);
    this.#maxMessageSize = integerOption("maxMessageSize", options.maxMessageSize, DEFAULT_MAX_MARKED_SIZE, 1);
  }
  decode<Message>(input: FrameInput<Message>): Message | undefined {
    if (this.#state === "skipping") this.#skip(input);
    if (this.#state === "outside") this.#findStart(input);
    return this.#state === "inside" ? this.#readContent(input) : undefined;
  }

  decodeEnd<Message>(input: FrameInput<Message>): Message | undefined {
    // What looks like the beginning of a start marker is a truncated message where one was due, and noise behind noise.
    const isNoise = this.#state === "skipping" || (this.#state === "outside" && this.#dropped > 0);
    if (isNoise) input.skip(input.length);
    return undefined;
  }

  encode(payload: Uint8Array): readonly Uint8Array[] {
    return [this.#start, this.#content.encode(payload), this.#end];
  }

  #findStart(input: FrameInput<unknown>): void {
    const start = input.indexOf(this.#startNeedle);
    const noise = start < 0 ? Math.max(0, input.length - this.#start.length + 1) : start;
    this.#dropped += noise;
    if (noise > 0) input.skip(noise);
    if (start < 0) return;
    if (this.#dropped > 0) input.reportDropped(this.#dropped);
    this.#dropped = 0;
    this.#content.restart();
    this.#state = "inside";
  }

  #readContent<Message>(input: FrameInput<Message>): Message | undefined {
    const { marker, at, size } = this.#content.find(input, this.#start.length, this.#maxMessageSize);
    if (size > this.#maxMessageSize) {
      input.skip(this.#start.length);
      this.#content.restart();
      this.#state = "skipping";
      throw tooLarge(this.#maxMessageSize, "always");
    }
    if (marker === "none") return undefined;
    this.#state = "outside";
    if (marker === "start") {
      input.skip(at);
      throw recoverable("a message starts inside another one, whose end is missing; the first one is skipped");
    }
    input.skip(this.#start.length);
    const message = this.#content.take(input, at - this.#start.length);
    input.skip(this.#end.length);
    return message;
  }

  /** Skips the rest of a message, to behind its end or to the next start. */
  #skip(input: FrameInput<unknown>): void {
    const { marker, at } = this.#content.find(input, 0, Number.POSITIVE_INFINITY);
    this.#content.restart();
    input.skip(marker === "end" ? at + this.#end.length : at);
    if (marker !== "none") this.#state = "outside";
  }
}

function contentOption(options: StartEndFramingOptions, start: Buffer, end: Buffer): MarkedContent {
  const xor = integerOption("escapeXor", options.escapeXor, 0, 0, 255);
  if (options.escape === undefined) {
    if (xor !== 0) throw badOption("escapeXor", xor, "set escape too: without an escape nothing is changed");
    return new PlainContent(start, end);
  }
  const escape = markerOption("escape", options.escape, 0);
  if (escape.length !== 1) throw badOption("escape", options.escape, "give a single byte");
  const content = new StuffedContent(start, end, escape[0] as number, xor);
  const { fault } = content;
  if (fault !== undefined) throw badOption("escape", options.escape, fault);
  return content;
}

function markerOption(name: string, value: number | Data | undefined, fallback: number): Buffer {
  if (value === undefined) return Buffer.of(fallback);
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 255) return Buffer.of(value);
  // A copy: the caller's bytes may change later.
  if ((typeof value === "string" || value instanceof Uint8Array) && value.length > 0)
    return Buffer.from(toBytes(value));
  throw badOption(name, value, "give a number from 0 to 255, or a string or bytes that are not empty");
}
