/** MLLP, the minimal lower layer protocol: how HL7 messages travel between the systems of a hospital. */
import { type FrameInput, type Framing, integerOption, type MessageBoundary, StartEndFraming } from "plib-io/data";

/** The options of MLLP framing. */
export interface MllpFramingOptions {
  /**
   * The largest message accepted, in bytes; a larger one is an `ERR_FRAME_TOO_LARGE`.
   *
   * @defaultValue 16777216 (16 MiB): messages may carry documents
   */
  maxMessageSize?: number;
}

const VERTICAL_TAB = 0x0b;
const FILE_SEPARATOR_AND_RETURN = Uint8Array.of(0x1c, 0x0d);

/**
 * MLLP blocks: a vertical tab, the message, a file separator and a carriage return.
 *
 * @phrase each message is an MLLP block
 * @wire `<VT>`, the message, `<FS><CR>`
 */
export class MllpFraming implements Framing {
  static readonly suffix = "WithMllp";
  static readonly boundary: MessageBoundary = "message";
  readonly #block: StartEndFraming;

  constructor(options: MllpFramingOptions) {
    this.#block = new StartEndFraming({
      startMarker: VERTICAL_TAB,
      endMarker: FILE_SEPARATOR_AND_RETURN,
      maxMessageSize: integerOption("maxMessageSize", options.maxMessageSize, 16 * 1024 * 1024, 1),
    });
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    return this.#block.decode(input);
  }

  decodeEnd<Message>(input: FrameInput<Message>): Message | undefined {
    return this.#block.decodeEnd(input);
  }

  encode(payload: Uint8Array): readonly Uint8Array[] {
    return this.#block.encode(payload);
  }
}
