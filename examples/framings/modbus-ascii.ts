/** Modbus ASCII: frames of hexadecimal digits between a colon and a line end, with an LRC. */
import { type FrameInput, type Framing, FramingError, type MessageBoundary } from "plib-io/data";

const COLON = 58;
const LINE_FEED = 10;
/** A colon, 2 digits for each of 255 bytes (LRC included), CR and LF. */
const LONGEST_FRAME = 513;
const LONGEST_MESSAGE = 254;

/**
 * Modbus ASCII frames. A message is the address, the function code and the data, as bytes; the LRC behind them is added when a
 * frame is sent and verified when one is received. What comes before the colon is dropped. A damaged frame is reported to
 * `onError` as an `ERR_FRAME_INVALID`, and the next one is read.
 *
 * @phrase each message is a Modbus ASCII frame
 * @wire `:<hexadecimal digits of the message and its LRC>\r\n`
 */
export class ModbusAsciiFraming implements Framing {
  static readonly suffix = "WithModbusAscii";
  static readonly boundary: MessageBoundary = "message";

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    const start = input.indexOf(COLON);
    input.skip(start < 0 ? input.length : start);
    const end = input.indexOf(LINE_FEED);
    const length = end < 0 ? input.length : end + 1;
    if (length > LONGEST_FRAME) {
      // The colon alone: what follows is dropped up to the next one.
      input.skip(1);
      throw invalid(`no frame ends within ${LONGEST_FRAME} bytes`);
    }
    if (end < 0) return undefined;
    const frame = input.read(length);
    const bytes = bytesOf(frame);
    if (bytes === undefined) throw invalid(`not a frame: ${JSON.stringify(frame.toString("latin1"))}`);
    const message = bytes.subarray(0, -1);
    const [due, given] = [lrc(message), bytes.at(-1)];
    if (due !== given) throw invalid(`the LRC of a frame is ${given} instead of ${due}`);
    return input.message(message);
  }

  encode(payload: Uint8Array): Uint8Array {
    if (payload.length === 0 || payload.length > LONGEST_MESSAGE) {
      const text = `a Modbus message has 1 to ${LONGEST_MESSAGE} bytes, and this one has ${payload.length}`;
      throw new FramingError("ERR_FRAME_INVALID", text, { outcome: "not-sent" });
    }
    const digits = Buffer.concat([payload, Uint8Array.of(lrc(payload))]).toString("hex");
    return Buffer.from(`:${digits.toUpperCase()}\r\n`, "latin1");
  }
}

/** The bytes that a frame spells; `undefined` if it is none. A second colon inside begins another frame. */
function bytesOf(frame: Buffer): Buffer | undefined {
  const [, digits] = /:((?:[0-9A-Fa-f]{2}){2,})\r\n$/.exec(frame.toString("latin1")) ?? [];
  return digits === undefined ? undefined : Buffer.from(digits, "hex");
}

/** The longitudinal redundancy check: what makes the sum of all bytes zero. */
function lrc(bytes: Uint8Array): number {
  const sum = bytes.reduce((before, byte) => before + byte, 0);
  return -sum & 0xff;
}

/** The bad frame is off the input, and the channel can continue. */
function invalid(text: string): FramingError {
  return new FramingError("ERR_FRAME_INVALID", text, { isRecoverable: true });
}
