/** How many needles are remembered besides the last two. */
const MAX_NEEDLES = 8;

/** Remembers how far bytes were searched for each of several needles, so that none is searched twice for the same one. */
export class SearchMemo {
  #needle: number | Uint8Array | undefined;
  #position = 0;
  /** The needle before: many framings search for two in turn. */
  #needleBefore: number | Uint8Array | undefined;
  #positionBefore = 0;
  #others: Map<number | Uint8Array, number> | undefined;

  /** Where the search for this needle continues, counted from the first byte that was ever there. */
  recall(needle: number | Uint8Array): number {
    if (needle !== this.#needle) this.#change(needle);
    return this.#position;
  }

  /** Takes note of where the search for the needle that was last recalled continues. */
  note(position: number): void {
    this.#position = position;
  }

  #change(needle: number | Uint8Array): void {
    const [before, positionBefore] = [this.#needleBefore, this.#positionBefore];
    this.#needleBefore = this.#needle;
    this.#positionBefore = this.#position;
    this.#needle = needle;
    if (needle === before) {
      this.#position = positionBefore;
      return;
    }
    this.#position = this.#others?.get(needle) ?? 0;
    if (before === undefined) return;
    if (this.#others === undefined || this.#others.size >= MAX_NEEDLES) this.#others = new Map();
    this.#others.set(before, positionBefore);
  }
}
