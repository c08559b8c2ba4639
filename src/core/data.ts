import { inspect } from "node:util";
import { OptionsError } from "../errors.ts";

/** What may be sent: bytes as they are, or a string, which is sent as UTF-8. */
export type Data = string | Uint8Array;

/** What a channel hands over for each message: a `Buffer`, or with the option `encoding` a decoded `string`. */
export type MessageOf<Encoding extends BufferEncoding | undefined> = [Encoding] extends [BufferEncoding]
  ? string
  : Buffer;

/**
 * The bytes of `data`: a string as UTF-8, bytes without a copy.
 *
 * @throws OptionsError `ERR_OPTIONS` if `data` is neither.
 */
export function toBytes(data: Data): Uint8Array {
  if (typeof data === "string") return Buffer.from(data, "utf8");
  if (data instanceof Uint8Array) return data;
  const found = inspect(data, { depth: 0 });
  throw new OptionsError("ERR_OPTIONS", `data must be a string, a Buffer or a Uint8Array, but is ${found}`, {
    outcome: "not-sent",
  });
}

/** A view of `bytes` as a `Buffer`, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
