import { asBuffer } from "../core/data.ts";
import type { FrameInput, Framing, MessageBoundary } from "../core/framing.ts";
import { DEFAULT_MAX_MARKED_SIZE, refused, tooLarge } from "../core/limits.ts";
import { choiceOption, integerOption } from "../core/options.ts";

/** The options of line framing. */
export interface LinesFramingOptions {
  /**
   * The line end that is sent behind each message: `"\n"` or `"\r\n"`. Both are understood when they are received.
   *
   * @defaultValue `"\n"`
   */
  newline?: "\n" | "\r\n";
  /**
   * What the end of the channel makes of a last line without a line end: `"error"`, an `ERR_FRAME_TRUNCATED`; `"message"`,
   * a message.
   *
   * @defaultValue `"error"`
   */
  lastLine?: "error" | "message";
  /**
   * The largest message accepted, in bytes, line end not counted; a larger one is an `ERR_FRAME_TOO_LARGE`.
   *
   * @defaultValue 1048576 (1 MiB)
   */
  maxMessageSize?: number;
}

const LF = 10;
const CR = 13;

/**
 * Each message is a line. A received line may end with LF or CR LF; which one is sent is an option. A payload that contains
 * LF or ends with CR would not arrive as it is: sending it is an `ERR_TERMINATOR_IN_PAYLOAD`, with nothing written.
 *
 * @phrase each message is a line
 * @wire the bytes, then `\n` or `\r\n`
 */
export class LinesFraming implements Framing {
  static readonly suffix = "WithLines";
  static readonly boundary: MessageBoundary = "message";
  readonly #newline: Buffer;
  readonly #lastLine: "error" | "message";
  readonly #maxMessageSize: number;
  /** Whether what comes belongs to a line that was too long. */
  #isSkipping = false;

  /**
   * @throws OptionsError `ERR_OPTIONS`, naming the option and its value.
   */
  constructor(options: LinesFramingOptions) {
    this.#newline = Buffer.from(choiceOption("newline", options.newline, "\n", ["\n", "\r\n"]));
    this.#lastLine = choiceOption("lastLine", options.lastLine, "error", ["error", "message"]);
    this.#maxMessageSize = integerOption("maxMessageSize", options.maxMessageSize, DEFAULT_MAX_MARKED_SIZE, 1);
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    if (this.#isSkipping && !this.#skip(input)) return undefined;
    const end = input.indexOf(LF);
    // Without a line end in sight, a CR may be the first byte of one: it counts only if it is not.
    const length = this.#lengthWithoutCr(input, end < 0 ? input.length : end);
    if (length > this.#maxMessageSize) throw tooLarge(this.#maxMessageSize);
    if (end < 0) return undefined;
    const message = input.take(length);
    input.skip(end + 1 - length);
    return message;
  }

  decodeEnd<Message>(input: FrameInput<Message>): Message | undefined {
    if (this.#lastLine === "error" || input.length === 0) return undefined;
    const left = input.length;
    const length = this.#lengthWithoutCr(input, left);
    const message = input.take(length);
    input.skip(left - length);
    return message;
  }

  resume(): void {
    this.#isSkipping = true;
  }

  encode(payload: Uint8Array): readonly Uint8Array[] {
    const at = asBuffer(payload).indexOf(LF);
    if (at >= 0) throw notALine(`contains a line feed at byte ${at}`);
    if (payload.at(-1) === CR) throw notALine("ends with a carriage return, which would count as part of the line end");
    return [payload, this.#newline];
  }

  #lengthWithoutCr(input: FrameInput<unknown>, length: number): number {
    return length > 0 && input.at(length - 1) === CR ? length - 1 : length;
  }

  #skip(input: FrameInput<unknown>): boolean {
    const end = input.indexOf(LF);
    this.#isSkipping = end < 0;
    input.skip(end < 0 ? input.length : end + 1);
    return end >= 0;
  }
}

function notALine(why: string): Error {
  return refused("ERR_TERMINATOR_IN_PAYLOAD", `the payload ${why}; send it as another message, or encode it`);
}
