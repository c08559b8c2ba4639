/** Modbus TCP: the length field of the MBAP header, with the fields of that header as part of the message. */
import { type FrameInput, type Framing, FramingError, LengthFieldFraming, type MessageBoundary } from "plib-io/data";

/** Transaction and protocol identifier. */
const BEFORE_LENGTH = 4;
/** Those, a unit identifier, and a function code with 252 bytes of data. */
const LONGEST_MESSAGE = 258;
const SHORTEST_MESSAGE = 6;

/**
 * Modbus TCP. A message is the header without its length field (transaction, protocol, unit), and the function code and data
 * behind it. The length field is added when a message is sent and taken out when one is received.
 *
 * @phrase each message is a Modbus TCP frame
 * @wire `<transaction><protocol><length><unit><function><data>`
 */
export class ModbusTcpFraming implements Framing {
  static readonly suffix = "WithModbusTcp";
  static readonly boundary: MessageBoundary = "message";
  readonly #field = new LengthFieldFraming({
    lengthBytes: 2,
    lengthOffset: BEFORE_LENGTH,
    maxMessageSize: LONGEST_MESSAGE,
  });

  get expected(): number | undefined {
    return this.#field.expected;
  }

  get headerLength(): number {
    return this.#field.headerLength;
  }

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    return this.#field.decode(input);
  }

  encode(payload: Uint8Array): readonly Uint8Array[] {
    if (payload.length >= SHORTEST_MESSAGE && payload.length <= LONGEST_MESSAGE) return this.#field.encode(payload);
    const text = `a Modbus TCP message has 6 to ${LONGEST_MESSAGE} bytes, and this one has ${payload.length}`;
    throw new FramingError("ERR_FRAME_INVALID", text, { outcome: "not-sent" });
  }
}

/** A request to read holding registers (function code 3), to be sent as a message. */
export function readHoldingRegisters(transaction: number, unit: number, first: number, count: number): Buffer {
  const request = Buffer.alloc(10);
  request.writeUInt16BE(transaction, 0);
  request.writeUInt8(unit, 4);
  request.writeUInt8(3, 5);
  request.writeUInt16BE(first, 6);
  request.writeUInt16BE(count, 8);
  return request;
}

/**
 * The registers in the answer to {@link readHoldingRegisters}.
 *
 * @throws Error if the answer is an exception of the device.
 */
export function registersOf(response: Buffer): number[] {
  const functionCode = response.readUInt8(5);
  if (functionCode !== 3) throw new Error(`the device answers with exception ${response.readUInt8(6)}`);
  const bytes = response.subarray(7, 7 + response.readUInt8(6));
  return Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readUInt16BE(index * 2));
}
