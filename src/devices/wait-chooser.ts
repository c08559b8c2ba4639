/** How a reply is waited for: by looking for it again and again, or asleep in a system call. */
export type WaitMethod = "polling" | "blocking";

/** Exchanges that take longer are slow: polling for them gains nothing, as nobody polls for so long. */
const SLOW_MS = 0.5;
/** How many exchanges with one method pass before the other is tried, and how many a trial takes. */
const QUICK_SPELL = 1024;
const QUICK_TRIAL = 128;
const SLOW_SPELL = 64;
const SLOW_TRIAL = 8;
/** How often spells are doubled when trials change nothing. */
const MOST_DOUBLINGS = 6;
/** A method has to be better by so much to be preferred. */
const CLEARLY = 0.95;
/** For slow exchanges, blocking may even take a little longer: it costs less work. */
const HARDLY = 1.05;
/** How much an exchange weighs in the mean, and how many times the mean it counts as at most. */
const WEIGHT = 1 / 32;
const MOST = 4;
/** How many exchanges show that the next one will be like them: after a gap, an interruption, and many of these. */
const GAP_PAUSE = 4;
const SHORTEST_PAUSE = 16;
const LONGEST_PAUSE = 1024;

/**
 * Chooses how replies are waited for, by trying. Which method is quicker depends on what no program is told: where a
 * processor that has nothing to do takes long to wake up, as in many virtual machines, it is polling, which keeps it
 * awake; where it does not, or both ends share a processor, it is blocking.
 */
export class WaitChooser {
  readonly #fixed: WaitMethod | undefined;
  #isUnable = false;
  readonly #quick = new Contest(QUICK_SPELL, QUICK_TRIAL, CLEARLY);
  readonly #slow = new Contest(SLOW_SPELL, SLOW_TRIAL, HARDLY);
  /** That of the next exchange, which is taken to be like the last one. */
  #contest = this.#quick;
  /** How many exchanges are polled for before the contest goes on, and how many after the next interruption. */
  #paused = 0;
  #pause = SHORTEST_PAUSE;
  /** Whether the next exchange pays for a change of methods. */
  #isChanging = true;

  /** @param fixed the only method to be used. */
  constructor(fixed?: WaitMethod) {
    this.#fixed = fixed;
  }

  /** The method for the next wait. */
  get method(): WaitMethod {
    if (this.#isUnable) return "polling";
    return this.#fixed ?? (this.#paused > 0 ? "polling" : this.#contest.method);
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
    const { method } = this;
    if (this.#paused > 0) this.#paused--;
    else if (!this.#isChanging && this.#contest.count(ms)) this.#pause = SHORTEST_PAUSE;
    this.#contest = ms > SLOW_MS ? this.#slow : this.#quick;
    this.#isChanging = this.method !== method;
  }
}

/** Two methods in turn: spells of the better one, and trials of the other. */
class Contest {
  readonly #spell: number;
  readonly #trial: number;
  /** By how much blocking has to be better to be preferred. */
  readonly #handicap: number;
  #method: WaitMethod = "polling";
  #isTrial = false;
  #left: number;
  #doublings = 0;
  /** How long exchanges take with this method; `undefined` at the beginning. */
  #mean: number | undefined;
  /** The same with the other. */
  #otherMean = 0;

  constructor(spell: number, trial: number, handicap: number) {
    this.#spell = spell;
    this.#trial = trial;
    this.#handicap = handicap;
    this.#left = spell;
  }

  get method(): WaitMethod {
    return this.#method;
  }

  /** Takes note of how long an exchange took; whether that ends a spell or a trial. */
  count(ms: number): boolean {
    // Now and then the whole machine stands still, whatever the method.
    const weighed = Math.min(ms, MOST * (this.#mean ?? ms));
    this.#mean = this.#mean === undefined ? ms : this.#mean + (weighed - this.#mean) * WEIGHT;
    if (--this.#left > 0) return false;
    if (!this.#isTrial) this.#change(this.#mean);
    else if (this.#mean < this.#otherMean * (this.#method === "blocking" ? this.#handicap : CLEARLY))
      this.#doublings = 0;
    else {
      this.#doublings = Math.min(this.#doublings + 1, MOST_DOUBLINGS);
      this.#change(this.#mean);
    }
    this.#isTrial = !this.#isTrial;
    this.#left = this.#isTrial ? this.#trial : this.#spell * 2 ** this.#doublings;
    return true;
  }

  #change(mean: number): void {
    this.#method = this.#method === "polling" ? "blocking" : "polling";
    this.#otherMean = mean;
    this.#mean = undefined;
  }
}
