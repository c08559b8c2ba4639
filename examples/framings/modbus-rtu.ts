/** Modbus RTU: frames on a serial line that are told apart by silence and carry a CRC-16. */
import {
  type FrameInput,
  type Framing,
  FramingError,
  type FramingTiming,
  type MessageBoundary,
  SilenceFraming,
  tooLarge,
} from "plib-io/data";

/** The options of Modbus RTU framing. */
export interface ModbusRtuFramingOptions {
  /**
   * How long the line is silent behind a frame, and before one is sent, in milliseconds. The specification asks for 3.5
   * characters, which no USB adapter can hear; more than the adapter's latency is what works.
   *
   * @defaultValue 30
   */
  silenceMs?: number;
}

/** Address, function code, 252 bytes of data, CRC. */
const LONGEST_FRAME = 256;
const CRC_SIZE = 2;
/** An address and a function code. */
const SHORTEST_MESSAGE = 2;

/**
 * Modbus RTU frames. A message is the address, the function code and the data; the CRC-16 behind them is added when a frame
 * is sent and verified when one is received. A damaged frame is reported to `onError` as an `ERR_FRAME_INVALID`, and the next
 * one is read.
 *
 * @phrase each message is a Modbus RTU frame
 * @wire `<address><function><data><CRC-16>`; the line is then silent
 */
export class ModbusRtuFraming implements Framing {
  static readonly suffix = "WithModbusRtu";
  static readonly boundary: MessageBoundary = "message";
  readonly timing: FramingTiming;

  constructor(options: ModbusRtuFramingOptions) {
    this.timing = new SilenceFraming(options).timing;
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    if (input.length > LONGEST_FRAME) throw tooLarge(LONGEST_FRAME);
    return undefined;
  }

  decodeSilence<Message>(input: FrameInput<Message>): Message | undefined {
    const frame = input.read(input.length);
    const message = frame.subarray(0, -CRC_SIZE);
    if (message.length >= SHORTEST_MESSAGE && frame.readUInt16LE(message.length) === crc16(message))
      return input.message(message);
    const text = `not a Modbus RTU frame, or a damaged one: ${frame.toString("hex")}`;
    throw new FramingError("ERR_FRAME_INVALID", text, { isRecoverable: true });
  }

  decodeEnd<Message>(input: FrameInput<Message>): Message | undefined {
    return input.length === 0 ? undefined : this.decodeSilence(input);
  }

  encode(payload: Uint8Array): Uint8Array {
    if (payload.length < SHORTEST_MESSAGE || payload.length > LONGEST_FRAME - CRC_SIZE) {
      const text = `a Modbus message has 2 to 254 bytes, and this one has ${payload.length}`;
      throw new FramingError("ERR_FRAME_INVALID", text, { outcome: "not-sent" });
    }
    const frame = Buffer.alloc(payload.length + CRC_SIZE);
    frame.set(payload);
    frame.writeUInt16LE(crc16(payload), payload.length);
    return frame;
  }
}

/** CRC-16/MODBUS: polynomial 0xA001 (reflected), first 0xFFFF. */
function crc16(bytes: Uint8Array): number {
  let crc = 0xff_ff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa0_01 : crc >> 1;
  }
  return crc;
}
