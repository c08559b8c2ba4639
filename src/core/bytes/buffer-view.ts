/**
 * The class that `Buffer.prototype.subarray` makes its views with. Called directly, with memory and offset at hand, it
 * makes them in nearly half the time, and most of the work of decoding small messages is in making their `Buffer`s.
 */
export const BufferView: new (memory: ArrayBufferLike, byteOffset: number, length: number) => Buffer = (
  Buffer as unknown as { readonly [Symbol.species]: typeof BufferView }
)[Symbol.species];
