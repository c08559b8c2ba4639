/** Records that all have the same size: nothing in the bytes tells them apart, only counting does. */
import { type FrameInput, type Framing, FramingError, integerOption, type MessageBoundary } from "plib-io/data";

/** The options of fixed-size framing. */
export interface FixedSizeFramingOptions {
  /** The size of every record, in bytes, at least 1. */
  recordSize: number;
}

/**
 * Every message has the same size. Sending one of another size is an `ERR_FRAME_INVALID`, with nothing written.
 *
 * @phrase all messages have the same size
 * @wire the bytes
 */
export class FixedSizeFraming implements Framing {
  static readonly suffix = "WithFixedSize";
  static readonly boundary: MessageBoundary = "message";
  /** How many bytes a message needs: told in the error when the channel ends in the middle of one. */
  readonly expected: number;

  constructor(options: FixedSizeFramingOptions) {
    this.expected = integerOption("recordSize", options.recordSize ?? Number.NaN, 1, 1);
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    return input.length < this.expected ? undefined : input.take(this.expected);
  }

  encode(payload: Uint8Array): Uint8Array {
    if (payload.length === this.expected) return payload;
    const text = `the record has ${payload.length} bytes instead of ${this.expected}`;
    throw new FramingError("ERR_FRAME_INVALID", text, { outcome: "not-sent" });
  }
}
