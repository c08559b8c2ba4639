/** The lengths in decimal digits that headers carry: `0|[1-9][0-9]{0,9}`, checked on the bytes. */
import { FramingError } from "../../errors.ts";
import { tooLarge } from "../limits.ts";
import { shownByte } from "./shown-bytes.ts";

/** The largest number that the grammar can express. */
export const LARGEST_DECIMAL_LENGTH = 9_999_999_999;

const ZERO = 48;
const NINE = 57;

/** Whether a byte is a decimal digit. */
export function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/**
 * The length that one more byte makes.
 *
 * @param length what the digits so far make.
 * @param at how many digits there are so far.
 * @throws FramingError `ERR_FRAME_BAD_LENGTH` if the byte cannot follow; `ERR_FRAME_TOO_LARGE` as soon as the length is
 * above `most`, which also bounds how many digits there can be.
 */
export function withDigit(length: number, at: number, byte: number, most: number): number {
  if (!isDigit(byte) || (at === 1 && length === 0)) throw badLength(at, byte);
  const next = length * 10 + byte - ZERO;
  if (next > most) throw tooLarge(most);
  return next;
}

/** The `ERR_FRAME_BAD_LENGTH` of a byte that cannot stand at this place of a length. */
export function badLength(at: number, byte: number): FramingError {
  const text = `byte ${at} of a message length is ${shownByte(byte)}: a length is "0", or digits that do not start with "0"`;
  return new FramingError("ERR_FRAME_BAD_LENGTH", text);
}
