/** How a reply is waited for: by looking for it again and again, or asleep in a system call. */
export type WaitMethod = "polling" | "blocking";

/** How many exchanges pass before the other method is tried again: at first, and at most. */
const SHORTEST_SPELL = 1024;
const LONGEST_SPELL = 65_536;
/** How many exchanges a trial takes. */
const TRIAL = 128;
/** How many quick exchanges show that the next one will be quick, too. */
const GAP_PAUSE = 4;
/** The same after an interruption: after one that was long ago, and after many in a row. */
const SHORTEST_PAUSE = 16;
const LONGEST_PAUSE = 1024;
/** A method has to be better by so much to be preferred. */
const CLEARLY = 0.95;
/** How much an exchange weighs in the mean. */
const WEIGHT = 1 / 32;
/** An exchange counts as this many times the mean at most. */
const MOST = 4;

/** What the chooser is at: a spell of exchanges with one method. */
interface Spell {
  readonly kind: "settled" | "trial";
  readonly method: WaitMethod;
  left: number;
}

/**
 * Chooses how replies are waited for, by trying. Which method is quicker depends on what no program is told: where a
 * processor that has nothing to do takes long to wake up, as in many virtual machines, it is polling, which keeps it
 * awake; where it does not, or both ends share a processor, it is blocking.
 */
export class WaitChooser {
  readonly #fixed: WaitMethod | undefined;
  #isUnable = false;
  #spell: Spell = { kind: "settled", method: "polling", left: SHORTEST_SPELL };
  /** How long the next spell of what has proved best is. */
  #length = SHORTEST_SPELL;
  /** How many exchanges are polled for before the spell goes on, and how many after the next interruption. */
  #paused = 0;
  #pause = SHORTEST_PAUSE;
  /** How long exchanges of this spell take; `undefined` at its beginning. */
  #mean: number | undefined;
  /** The same of the spell before. */
  #meanBefore = 0;
  /** Whether the next exchange pays for a change of methods. */
  #isChanging = true;

  /** @param fixed the only method to be used. */
  constructor(fixed?: WaitMethod) {
    this.#fixed = fixed;
  }

  /** The method for the next wait. */
  get method(): WaitMethod {
    if (this.#isUnable) return "polling";
    return this.#fixed ?? (this.#paused > 0 ? "polling" : this.#spell.method);
  }

  /** Takes note that there is no blocking here. */
  polls(): void {
    this.#isUnable = true;
  }

  /** Takes note that exchanges do not follow each other closely any more: for the time being, replies are polled for. */
  paused(): void {
    this.#paused = Math.max(this.#paused, GAP_PAUSE);
  }

  /** Takes note that blocking had to be interrupted, which costs more than it gains. */
  interrupted(): void {
    this.#paused = this.#pause;
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
  }

  /** Takes note of how long an exchange took. */
  took(ms: number): void {
    if (this.#fixed !== undefined || this.#isUnable) return;
    if (this.#paused > 0) {
      this.#paused--;
      this.#isChanging = true;
    } else if (this.#isChanging) this.#isChanging = false;
    else this.#count(ms);
  }

  #count(ms: number): void {
    // Now and then the whole machine stands still, whatever the method.
    const weighed = Math.min(ms, MOST * (this.#mean ?? ms));
    this.#mean = this.#mean === undefined ? ms : this.#mean + (weighed - this.#mean) * WEIGHT;
    if (--this.#spell.left > 0) return;
    const { kind, method } = this.#spell;
    const isBetter = kind === "trial" && this.#mean < this.#meanBefore * CLEARLY;
    const other = method === "polling" ? "blocking" : "polling";
    if (kind === "settled") this.#spell = { kind: "trial", method: other, left: TRIAL };
    else {
      this.#length = isBetter ? SHORTEST_SPELL : Math.min(2 * this.#length, LONGEST_SPELL);
      this.#spell = { kind: "settled", method: isBetter ? method : other, left: this.#length };
    }
    this.#meanBefore = this.#mean;
    this.#mean = undefined;
    this.#pause = SHORTEST_PAUSE;
    this.#isChanging = !isBetter;
  }
}
