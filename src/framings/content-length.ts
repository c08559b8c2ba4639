import { isDigit, LARGEST_DECIMAL_LENGTH, badLength, withDigit } from "../core/bytes/decimal-length.ts";
import type { FrameInput, Framing, MessageBoundary } from "../core/framing.ts";
import { DEFAULT_MAX_MESSAGE_SIZE } from "../core/limits.ts";
import { badOption, integerOption } from "../core/options.ts";
import { MOST_SHOWN, shownBytes } from "../core/bytes/shown-bytes.ts";
import { FramingError } from "../errors.ts";

/** The options of Content-Length framing. */
export interface ContentLengthFramingOptions {
  /**
   * The largest header accepted, in bytes, with the empty line that ends it; a larger one is an `ERR_FRAME_BAD_HEADER`.
   *
   * @defaultValue 8192
   */
  maxHeaderBytes?: number;
  /**
   * Sent as a header `Content-Type` with each message. Must not contain CR or LF.
   *
   * @defaultValue none: no such header is sent
   */
  contentType?: string;
  /**
   * The largest message accepted, in bytes, header not counted; a larger one is an `ERR_FRAME_TOO_LARGE`, raised as soon as
   * the header says so.
   *
   * @defaultValue 8388608 (8 MiB)
   */
  maxMessageSize?: number;
}

const CR = 13;
const LF = 10;
const COLON = 58;
const SPACE = 32;
const TAB = 9;
const LENGTH_NAME: Buffer = Buffer.from("content-length");
/** What a header name consists of (RFC 9110, token): 1 for each byte that may be in one. */
const TOKEN = new Uint8Array(256);
for (const byte of Buffer.from("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
  TOKEN[byte] = 1;

/**
 * What the next byte of a header belongs to: `"line"`, the start of a line; `"name"`; `"value"`, of a header that means
 * nothing here; `"length"`, the value of the length, before, in and (`"after"`) behind its digits; `"line-end"`, the LF
 * behind a CR; `"header-end"`, the LF of the empty line.
 */
type Place = "line" | "name" | "value" | "length" | "after" | "line-end" | "header-end";

/**
 * Each message is preceded by a header with its length, as in the Language Server Protocol and the Debug Adapter Protocol:
 * `Content-Length: 2`, perhaps other headers, an empty line. Header names are understood in any case; other headers than the
 * length are skipped. The length counts bytes.
 *
 * @phrase each message is preceded by a Content-Length header
 * @wire `Content-Length: <decimal length>\r\n\r\n<bytes>`
 */
export class ContentLengthFraming implements Framing {
  static readonly suffix = "WithContentLength";
  static readonly boundary: MessageBoundary = "message";
  readonly #maxHeaderBytes: number;
  readonly #maxMessageSize: number;
  /** What is sent behind the length. */
  readonly #headerTail: string;
  /** How many bytes of the header at the front of the input were looked at; all of them once it is complete. */
  #scanned = 0;
  #place: Place | "payload" = "line";
  #lineStart = 0;
  /** What the length header says so far; `undefined` without one. */
  #length: number | undefined;
  #digits = 0;

  /**
   * @throws OptionsError `ERR_OPTIONS`, naming the option and its value.
   */
  constructor(options: ContentLengthFramingOptions) {
    this.#maxHeaderBytes = integerOption("maxHeaderBytes", options.maxHeaderBytes, 8192, 1);
    const { contentType } = options;
    if (contentType !== undefined && (typeof contentType !== "string" || /[\r\n]/.test(contentType)))
      throw badOption("contentType", contentType, "give a string without CR and LF");
    this.#headerTail = contentType === undefined ? "\r\n\r\n" : `\r\nContent-Type: ${contentType}\r\n\r\n`;
    this.#maxMessageSize = integerOption(
      "maxMessageSize",
      options.maxMessageSize,
      DEFAULT_MAX_MESSAGE_SIZE,
      1,
      LARGEST_DECIMAL_LENGTH,
    );
  }

  get expected(): number | undefined {
    return this.#place === "payload" ? this.#length : undefined;
  }

  get headerLength(): number {
    return this.#place === "payload" ? this.#scanned : 0;
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    while (this.#place !== "payload") {
      if (this.#scanned === input.length) return undefined;
      if (this.#scanned === this.#maxHeaderBytes)
        throw this.#badHeader(input, `has more than ${this.#maxHeaderBytes} bytes (maxHeaderBytes)`);
      this.#place = this.#next(input, this.#place, input.at(this.#scanned));
      this.#scanned++;
    }
    const length = this.#length ?? 0;
    if (input.length < this.#scanned + length) return undefined;
    input.skip(this.#scanned);
    this.#place = "line";
    this.#scanned = 0;
    this.#lineStart = 0;
    this.#length = undefined;
    return input.take(length);
  }

  encode(payload: Uint8Array): readonly Uint8Array[] {
    const header = Buffer.from(`Content-Length: ${payload.length}${this.#headerTail}`, "utf8");
    return payload.length === 0 ? [header] : [header, payload];
  }

  /** What the byte behind this one belongs to. */
  #next(input: FrameInput<unknown>, place: Place, byte: number): Place | "payload" {
    switch (place) {
      case "line":
        this.#lineStart = this.#scanned;
        return byte === CR ? "header-end" : this.#inName(input, byte);
      case "name":
        return byte === COLON && this.#scanned > this.#lineStart ? this.#afterName(input) : this.#inName(input, byte);
      case "value":
        if (byte === LF) throw this.#badHeader(input, "has an LF without a CR");
        return byte === CR ? "line-end" : "value";
      case "length":
      case "after":
        return this.#inLength(input, place, byte);
      case "line-end":
        if (byte !== LF) throw this.#badHeader(input, "has a CR without an LF");
        return "line";
      case "header-end":
        if (byte !== LF) throw this.#badHeader(input, "has a CR without an LF");
        if (this.#length === undefined) throw this.#badHeader(input, "has no Content-Length");
        return "payload";
    }
  }

  #inName(input: FrameInput<unknown>, byte: number): Place {
    if (TOKEN[byte] === 1) return "name";
    throw this.#badHeader(input, "has a line that is not a name, a colon and a value");
  }

  #afterName(input: FrameInput<unknown>): Place {
    if (this.#scanned - this.#lineStart !== LENGTH_NAME.length) return "value";
    for (let at = 0; at < LENGTH_NAME.length; at++) {
      // Setting this bit makes letters small, and no other byte of a token a letter or a hyphen of the name.
      if ((input.at(this.#lineStart + at) | 0x20) !== LENGTH_NAME[at]) return "value";
    }
    if (this.#length !== undefined) throw this.#badHeader(input, "has more than one Content-Length");
    this.#length = 0;
    this.#digits = 0;
    return "length";
  }

  #inLength(input: FrameInput<unknown>, place: "length" | "after", byte: number): Place {
    if (byte === LF) throw this.#badHeader(input, "has an LF without a CR");
    if (byte === CR && this.#digits > 0) return "line-end";
    if (byte === SPACE || byte === TAB) return this.#digits > 0 ? "after" : "length";
    if (place === "after" || !isDigit(byte)) throw badLength(this.#digits, byte);
    this.#length = withDigit(this.#length ?? 0, this.#digits, byte, this.#maxMessageSize);
    this.#digits++;
    return "length";
  }

  /** The error of the byte that was just looked at, with what comes before it. */
  #badHeader(input: FrameInput<unknown>, why: string): FramingError {
    const first = Math.max(0, this.#scanned + 1 - MOST_SHOWN);
    const seen = Array.from({ length: this.#scanned + 1 - first }, (_, at) => input.at(first + at));
    const text = `the header of a message ${why}: ${first > 0 ? "…" : ""}${shownBytes(Buffer.from(seen))}`;
    return new FramingError("ERR_FRAME_BAD_HEADER", text);
  }
}
