import { indexIn } from "../core/bytes/byte-search.ts";
import { asBuffer, type Data, toBytes } from "../core/data.ts";
import type { FrameInput, Framing, MessageBoundary } from "../core/framing.ts";
import { DEFAULT_MAX_MARKED_SIZE, refused, tooLarge } from "../core/limits.ts";
import { Markers } from "../core/bytes/markers.ts";
import { badOption, booleanOption, integerOption } from "../core/options.ts";
import { shownBytes } from "../core/bytes/shown-bytes.ts";
import type { FramingError } from "../errors.ts";

/** The options of terminator framing. */
export interface TerminatorFramingOptions {
  /**
   * What ends each message, and is taken off before the message is handed over: any bytes but none at all; a string stands
   * for its UTF-8 bytes. It may be a list: the terminator that is complete first ends the message, and of several that are
   * complete with the same byte the longest. A terminator must not begin another.
   *
   * @defaultValue `"\r\n"`
   */
  terminator?: Data | readonly Data[];
  /**
   * What is sent behind each message, if that differs from what ends a received one: commands end with `"\r\n"` and replies
   * with `"> "`, for instance. A payload must not contain it; the terminators may be in a payload then.
   *
   * @defaultValue the first terminator; then a payload must contain none of the terminators
   */
  sendTerminator?: Data;
  /**
   * Whether the terminator stays on the messages that are handed over.
   *
   * @defaultValue false
   */
  keepTerminator?: boolean;
  /**
   * The largest message accepted, in bytes; a larger one is an `ERR_FRAME_TOO_LARGE`. The terminator counts only if
   * `keepTerminator` leaves it on the message.
   *
   * @defaultValue 1048576 (1 MiB)
   */
  maxMessageSize?: number;
}

/**
 * Each message is followed by a terminator, a line end by default. A message must not contain it: sending one that does is
 * an `ERR_TERMINATOR_IN_PAYLOAD`, with nothing written.
 *
 * @phrase each message ends with a terminator
 * @wire the bytes, then the terminator
 */
export class TerminatorFraming implements Framing {
  static readonly suffix = "WithTerminator";
  static readonly boundary: MessageBoundary = "message";
  readonly #markers: Markers;
  /** The only terminator as something to search for, which is faster; `undefined` if there are several. */
  readonly #needle: number | Buffer | undefined;
  readonly #needleLength: number;
  readonly #sent: SentTerminator;
  readonly #keepTerminator: boolean;
  readonly #maxMessageSize: number;

  /**
   * @throws OptionsError `ERR_OPTIONS`, naming the option and its value.
   */
  constructor(options: TerminatorFramingOptions) {
    const terminators = terminatorsOption(options.terminator);
    const [first = Buffer.alloc(0)] = terminators;
    this.#markers = new Markers(terminators);
    this.#needle = terminators.length > 1 ? undefined : first.length === 1 ? first[0] : first;
    this.#needleLength = first.length;
    const { sendTerminator } = options;
    this.#sent =
      sendTerminator === undefined
        ? new SentTerminator(first, terminators)
        : new SentTerminator(bytesOption("sendTerminator", sendTerminator));
    this.#keepTerminator = booleanOption("keepTerminator", options.keepTerminator, false);
    this.#maxMessageSize = integerOption("maxMessageSize", options.maxMessageSize, DEFAULT_MAX_MARKED_SIZE, 1);
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    if (this.#needle === undefined) {
      const found = this.#markers.findIn(input, 0);
      return this.#message(input, found?.start ?? -1, found?.end ?? -1);
    }
    const start = input.indexOf(this.#needle);
    return this.#message(input, start, start + this.#needleLength);
  }

  encode(payload: Uint8Array): readonly Uint8Array[] {
    return this.#sent.after(payload);
  }

  #message<Message>(input: FrameInput<Message>, start: number, end: number): Message | undefined {
    if (start < 0) {
      // The first bytes of a terminator may be there already: only more than that is certainly too much.
      const least = this.#keepTerminator ? input.length + 1 : input.length - this.#markers.longest + 1;
      if (least > this.#maxMessageSize) throw tooLarge(this.#maxMessageSize);
      return undefined;
    }
    const length = this.#keepTerminator ? end : start;
    if (length > this.#maxMessageSize) throw tooLarge(this.#maxMessageSize);
    const message = input.take(length);
    input.skip(end - length);
    return message;
  }
}

/** What is sent behind each payload, and what no payload may contain. */
class SentTerminator {
  readonly #bytes: Buffer;
  readonly #refused: Markers;
  readonly #needle: number | Buffer | undefined;
  readonly #canOverlap: boolean;

  constructor(bytes: Buffer, terminators: readonly Buffer[] = [bytes]) {
    this.#bytes = bytes;
    this.#refused = new Markers(terminators);
    this.#needle = terminators.length > 1 ? undefined : bytes.length === 1 ? bytes[0] : bytes;
    this.#canOverlap = this.#refused.canOverlap(bytes);
  }

  after(payload: Uint8Array): readonly Uint8Array[] {
    const at = this.#findIn(payload);
    if (at >= 0) throw terminatorInPayload(this.#bytes, at);
    return [payload, this.#bytes];
  }

  #findIn(payload: Uint8Array): number {
    // The last bytes of the payload and the first of the terminator may make a terminator: `a` before `aa`, say.
    if (this.#canOverlap) return this.#refused.findEarly(payload, this.#bytes);
    const bytes = asBuffer(payload);
    return this.#needle === undefined ? (this.#refused.find(bytes)?.start ?? -1) : indexIn(bytes, this.#needle, 0);
  }
}

function terminatorsOption(value: TerminatorFramingOptions["terminator"]): readonly Buffer[] {
  if (value === undefined) return [Buffer.from("\r\n")];
  if (!Array.isArray(value)) return [bytesOption("terminator", value as Data)];
  const expectation = "give a string or bytes that are not empty, or a list of such";
  const isList = value.length > 0 && value.every((each) => typeof each === "string" || each instanceof Uint8Array);
  if (!isList) throw badOption("terminator", value, expectation);
  const terminators = value.map((each) => bytesOption("terminator", each));
  const isPrefix = terminators.some((each, index) =>
    terminators.some((other, place) => place !== index && other.subarray(0, each.length).equals(each)),
  );
  if (isPrefix) throw badOption("terminator", value, "leave out terminators that begin another");
  return terminators;
}

function bytesOption(name: string, value: Data): Buffer {
  // A copy: the caller's bytes may change later.
  if ((typeof value === "string" || value instanceof Uint8Array) && value.length > 0)
    return Buffer.from(toBytes(value));
  throw badOption(name, value, "give a string or bytes that are not empty");
}

function terminatorInPayload(terminator: Buffer, at: number): FramingError {
  const shown = shownBytes(terminator);
  const text = `the payload contains the terminator ${shown} at byte ${at}; escape it, or choose another terminator`;
  return refused("ERR_TERMINATOR_IN_PAYLOAD", text);
}
