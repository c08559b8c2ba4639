/** Byte sequences that end something: which of several ends first, in received bytes and in bytes that are to be sent. */
import { indexIn } from "./byte-search.ts";
import { asBuffer } from "../data.ts";
import type { FrameInput } from "../framing.ts";

/** A marker that was found. */
export interface FoundMarker {
  /** Which of the markers. */
  readonly index: number;
  /** Where it starts. */
  readonly start: number;
  /** Where what follows it starts. */
  readonly end: number;
}

/** Several markers. Of those that are there, the one that ends first counts; of several that end there, the longest. */
export class Markers {
  readonly #markers: readonly Buffer[];
  /** What is searched for: a single byte as a number, which is faster. */
  readonly #needles: readonly (number | Buffer)[];
  /** The length of the longest. */
  readonly longest: number;

  constructor(markers: readonly Buffer[]) {
    this.#markers = markers;
    this.#needles = markers.map((marker) => (marker.length === 1 ? (marker[0] as number) : marker));
    this.longest = Math.max(...markers.map((marker) => marker.length));
  }

  /** The first marker in received bytes. */
  findIn(input: FrameInput<unknown>, from: number): FoundMarker | undefined {
    return this.#first((needle) => input.indexOf(needle, from));
  }

  /** The first marker in bytes that are there as a whole. */
  find(bytes: Buffer): FoundMarker | undefined {
    return this.#first((needle) => indexIn(bytes, needle, 0));
  }

  /**
   * Where the receiver of `payload`, followed by `marker`, finds a marker too early; -1 if it finds `marker` itself.
   *
   * @param marker one of the markers: the receiver must find it where it starts.
   */
  findEarly(payload: Uint8Array, marker: Buffer): number {
    const bytes = asBuffer(payload);
    const inside = this.find(bytes);
    if (inside !== undefined) return inside.start;
    const tail = bytes.subarray(Math.max(0, bytes.length - this.longest + 1));
    const seam = this.find(Buffer.concat([tail, marker]));
    const start = seam === undefined ? tail.length : Math.min(seam.start, tail.length);
    const isWhole = seam?.start === tail.length && seam.end === tail.length + marker.length;
    return isWhole ? -1 : bytes.length - tail.length + start;
  }

  /** Whether {@link findEarly} can find anything but a marker that lies in the payload as a whole. */
  canOverlap(marker: Buffer): boolean {
    return this.#markers.some((each) => overlaps(each, marker));
  }

  #first(search: (needle: number | Buffer) => number): FoundMarker | undefined {
    let found: FoundMarker | undefined;
    for (let index = 0; index < this.#needles.length; index++) {
      const start = search(this.#needles[index] as number | Buffer);
      if (start < 0) continue;
      const end = start + (this.#markers[index] as Buffer).length;
      const isFirst = found === undefined || end < found.end || (end === found.end && start < found.start);
      if (isFirst) found = { index, start, end };
    }
    return found;
  }
}

/** Whether `first` may be found in some bytes followed by `marker`, ending inside `marker` or with it, but not before. */
function overlaps(first: Buffer, marker: Buffer): boolean {
  for (let end = 1; end <= marker.length; end++) {
    const shared = Math.min(end, first.length);
    // What lies in the marker, up to `end`, is the end of the first one.
    const isThere = first.subarray(first.length - shared).equals(marker.subarray(end - shared, end));
    // The marker itself is meant to be found; what ends with it and starts in it is found with it, and is shorter.
    const isMeant = end === marker.length && first.length <= marker.length;
    if (isThere && !isMeant) return true;
  }
  return false;
}
