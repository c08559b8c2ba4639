import { isAscii } from "node:buffer";

/**
 * The bytes as text, if each of them is one character in this encoding, so that parts of the text can be cut out where
 * the bytes would be, which is faster than decoding the parts; `""` otherwise.
 */
export function oneByteText(bytes: Buffer, encoding: BufferEncoding): string {
  const isLatin1 = encoding === "latin1" || encoding === "binary";
  const isLikeAscii = encoding === "utf8" || encoding === "utf-8" || encoding === "ascii";
  return isLatin1 || (isLikeAscii && isAscii(bytes)) ? bytes.toString("latin1") : "";
}
