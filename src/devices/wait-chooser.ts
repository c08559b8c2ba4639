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
/** So many slow exchanges in a row say that the peer is slow, and so many quick ones that it is not. */
const CONVINCING = 16;
/** A method has to be better by so much to be preferred. */
const CLEARLY = 0.95;
/** For slow exchanges, blocking may even take a little longer: it costs less work. */
const HARDLY = 1.05;
/** How many exchanges the mean is about, and how many times the mean one of them counts as at most. */
const WINDOW = 32;
const MOST = 4;
/** A trial that goes so badly for so many exchanges is over. */
const BADLY = 1.3;
const BAD_EXCHANGES = 16;
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
  readonly #quick = new Contest("polling", QUICK_SPELL, QUICK_TRIAL, CLEARLY);
  readonly #slow = new Contest("blocking", SLOW_SPELL, SLOW_TRIAL, HARDLY);
  /** That of the next exchange, which is taken to be like the last ones. */
  #contest = this.#quick;
  /** How many exchanges in a row were of the other kind. */
  #others = 0;
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
    if (method === "blocking") this.#pause = Math.max(SHORTEST_PAUSE, this.#pause - 1);
    if (this.#paused > 0) this.#paused--;
    else if (!this.#isChanging) this.#contest.took(ms);
    this.#judge(ms > SLOW_MS ? this.#slow : this.#quick);
    this.#isChanging = this.method !== method;
  }

  #judge(contest: Contest): void {
    this.#others = contest === this.#contest ? 0 : this.#others + 1;
    if (this.#others < CONVINCING) return;
    this.#contest = contest;
    this.#others = 0;
  }
}

/** Two methods in turn: spells of the better one, and trials of the other. */
class Contest {
  readonly #spell: number;
  readonly #trial: number;
  /** How long blocking may take, as a multiple of what polling takes, to be preferred. */
  readonly #handicap: number;
  #method: WaitMethod;
  #isTrial = false;
  #left: number;
  #doublings = 0;
  /** How many exchanges were made with this method, and how long they take; `undefined` at the beginning. */
  #count = 0;
  #mean: number | undefined;
  /** The same with the other. */
  #otherMean = 0;

  constructor(method: WaitMethod, spell: number, trial: number, handicap: number) {
    this.#method = method;
    this.#spell = spell;
    this.#trial = trial;
    this.#handicap = handicap;
    this.#left = spell;
  }

  get method(): WaitMethod {
    return this.#method;
  }

  /** Takes note of how long an exchange took. */
  took(ms: number): void {
    // Now and then the whole machine stands still, whatever the method.
    const expected = this.#mean ?? (this.#isTrial ? this.#otherMean : ms);
    const weighed = Math.min(ms, MOST * expected);
    this.#mean ??= weighed;
    this.#mean += (weighed - this.#mean) / Math.min(++this.#count, WINDOW);
    const isBad = this.#isTrial && this.#count >= BAD_EXCHANGES && this.#mean > this.#otherMean * BADLY;
    if (--this.#left > 0 && !isBad) return;
    if (!this.#isTrial) this.#change(this.#mean);
    else if (this.#mean < this.#otherMean * (this.#method === "blocking" ? this.#handicap : CLEARLY))
      this.#doublings = 0;
    else {
      this.#doublings = Math.min(this.#doublings + 1, MOST_DOUBLINGS);
      this.#change(this.#mean);
    }
    this.#isTrial = !this.#isTrial;
    this.#left = this.#isTrial ? this.#trial : this.#spell * 2 ** this.#doublings;
  }

  #change(mean: number): void {
    this.#method = this.#method === "polling" ? "blocking" : "polling";
    this.#otherMean = mean;
    this.#mean = undefined;
    this.#count = 0;
  }
}
