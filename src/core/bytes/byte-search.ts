import { asBuffer } from "../data.ts";

/** `Buffer.indexOf`, faster for short sequences: a search for one byte runs at memory speed, one for several does not. */
export function indexIn(bytes: Buffer, needle: number | Uint8Array, from: number): number {
  if (typeof needle === "number") return bytes.indexOf(needle, from);
  const lead = needle.length - 1;
  if (lead > 3) return bytes.indexOf(asBuffer(needle), from);
  const last = needle[lead] as number;
  for (let at = bytes.indexOf(last, from + lead); at >= 0; at = bytes.indexOf(last, at + 1)) {
    let i = 0;
    while (i < lead && bytes[at - lead + i] === needle[i]) i++;
    if (i === lead) return at - lead;
  }
  return -1;
}
