import { indexIn } from "../core/bytes/byte-search.ts";
import { asBuffer, type Data, toBytes } from "../core/data.ts";
import type { FrameInput, Framing, MessageBoundary } from "../core/framing.ts";
import { tooLarge } from "../core/limits.ts";
import { badOption, integerOption } from "../core/options.ts";
import { FramingError } from "../errors.ts";

/** The options of terminator framing. */
export interface TerminatorFramingOptions {
  /**
   * What ends each message, and is taken off before the message is handed over: any bytes but none at all.
   *
   * @defaultValue `"\r\n"`
   */
  terminator?: Data;
  /**
   * The largest message accepted, in bytes, terminator not counted; a larger one is an `ERR_FRAME_TOO_LARGE`.
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
  readonly #terminator: Buffer;
  /** What is searched for: a single byte as a number, which is faster. */
  readonly #needle: number | Buffer;
  /** Whether a terminator can begin with the last bytes of another, as `aa` can: `aaa` holds it twice. */
  readonly #overlapsItself: boolean;
  readonly #maxMessageSize: number;

  /**
   * @throws OptionsError `ERR_OPTIONS`, naming the option and its value.
   */
  constructor(options: TerminatorFramingOptions) {
    this.#terminator = terminatorOption(options.terminator);
    this.#needle = this.#terminator.length === 1 ? (this.#terminator[0] as number) : this.#terminator;
    this.#overlapsItself = overlapsItself(this.#terminator);
    this.#maxMessageSize = integerOption("maxMessageSize", options.maxMessageSize, 1024 * 1024, 1);
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    const end = input.indexOf(this.#needle);
    // Without a terminator in sight, its first bytes may be there already: only more than that is certainly too much.
    const least = end >= 0 ? end : input.length - this.#terminator.length + 1;
    if (least > this.#maxMessageSize) throw tooLarge(this.#maxMessageSize);
    if (end < 0) return undefined;
    const message = input.take(end);
    input.skip(this.#terminator.length);
    return message;
  }

  encode(payload: Uint8Array): readonly Uint8Array[] {
    const at = indexIn(asBuffer(payload), this.#needle, 0);
    if (at >= 0) throw terminatorInPayload(this.#terminator, at);
    if (this.#overlapsItself) this.#rejectOverlap(payload);
    return [payload, this.#terminator];
  }

  /** The last bytes of the payload and the first of the terminator may make a terminator: `a` before `aa`, say. */
  #rejectOverlap(payload: Uint8Array): void {
    const tail = asBuffer(payload.subarray(Math.max(0, payload.length - this.#terminator.length + 1)));
    const at = Buffer.concat([tail, this.#terminator]).indexOf(this.#terminator);
    if (at < tail.length) throw terminatorInPayload(this.#terminator, payload.length - tail.length + at);
  }
}

function overlapsItself(terminator: Buffer): boolean {
  for (let shift = 1; shift < terminator.length; shift++) {
    if (terminator.subarray(shift).equals(terminator.subarray(0, terminator.length - shift))) return true;
  }
  return false;
}

function terminatorOption(value: Data | undefined): Buffer {
  if (value === undefined) return Buffer.from("\r\n");
  // A copy: the caller's bytes may change later.
  if ((typeof value === "string" || value instanceof Uint8Array) && value.length > 0)
    return Buffer.from(toBytes(value));
  throw badOption("terminator", value, "give a string or bytes that are not empty");
}

function terminatorInPayload(terminator: Buffer, at: number): FramingError {
  const shown = JSON.stringify(terminator.toString("latin1"));
  const text = `the payload contains the terminator ${shown} at byte ${at}; escape it, or choose another terminator`;
  return new FramingError("ERR_TERMINATOR_IN_PAYLOAD", text, { outcome: "not-sent" });
}
