/** Pieces up to this size are cheaper to copy together than to write one by one. */
const LARGEST_COPIED = 16_384;
/** A piece that the system is given at once; a larger one is cut, so that a stalled write can be told from a slow one. */
const LARGEST_WRITTEN = 1024 * 1024;

/** The same bytes in few pieces: neighbours that are small are copied together, large ones are passed on as they are. */
export function gather(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  if (pieces.length === 1 && (pieces[0] as Uint8Array).length <= LARGEST_WRITTEN) return pieces;
  const gathered: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  for (const piece of pieces) {
    if (piece.length <= LARGEST_COPIED) {
      small.push(piece);
      continue;
    }
    if (small.length > 0) gathered.push(join(small));
    small = [];
    for (let at = 0; at < piece.length; at += LARGEST_WRITTEN) gathered.push(piece.subarray(at, at + LARGEST_WRITTEN));
  }
  if (small.length > 0) gathered.push(join(small));
  return gathered;
}

/** What `Buffer.concat` does, without its checks, which take longer than copying a few bytes. */
function join(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0] as Uint8Array;
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const joined = Buffer.allocUnsafe(length);
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
