/** How bytes from outside are shown in the text of an error: never raw, for a terminal obeys some of them. */

/** More than this of a peer's bytes is no help in an error text. */
export const MOST_SHOWN = 200;

/** One byte, as a character and in hexadecimal: `"x" (0x78)`. */
export function shownByte(byte: number): string {
  return `${shownBytes(Uint8Array.of(byte))} (0x${byte.toString(16).padStart(2, "0")})`;
}

/** Bytes as a quoted string; what is not printable ASCII is escaped, and what is too long is cut. */
export function shownBytes(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, MOST_SHOWN)).toString("latin1");
  // JSON.stringify leaves 0x7f to 0x9f alone, which are control characters too.
  const text = JSON.stringify(head).replaceAll(
    /[\u{7F}-\u{FF}]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
  return bytes.length > MOST_SHOWN ? `${text} (the first ${MOST_SHOWN} of ${bytes.length} bytes)` : text;
}
