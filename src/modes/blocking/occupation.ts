/** How many were made: what tells their frames on the stack from each other. */
let count = 0;

/**
 * Work that must not be begun again while it is under way on the stack. A flag alone is not enough: an interrupt in a REPL,
 * or the time limit of `node:vm`, ends JavaScript without running `finally`. So where the flag is set, the stack is looked at:
 * the work runs in a function whose name no other has.
 */
export class Occupation {
  readonly #name = `blocking call ${++count}`;
  readonly #enter: Enter = namedEnter(this.#name);
  #isEntered = false;

  /** `"abandoned"`: work was begun that will never end. */
  get state(): "free" | "taken" | "abandoned" {
    if (!this.#isEntered) return "free";
    return isOnStack(this.#name) ? "taken" : "abandoned";
  }

  /** Does the work. */
  run<Result>(work: () => Result): Result {
    this.#isEntered = true;
    try {
      return this.#enter(work);
    } finally {
      this.#isEntered = false;
    }
  }
}

type Enter = <Result>(work: () => Result) => Result;

/** A function that has a name of its own. */
function namedEnter(name: string): Enter {
  return { [name]: <Result>(work: () => Result): Result => work() }[name] as Enter;
}

/** Whether a function of this name is under way. Where the whole stack cannot be seen, the answer is yes. */
function isOnStack(name: string): boolean {
  const { stackTraceLimit } = Error;
  const prepareStackTrace: unknown = Reflect.get(Error, "prepareStackTrace");
  // Either may be frozen: then there are ten frames, or a text.
  const isWhole = Reflect.set(Error, "stackTraceLimit", Number.POSITIVE_INFINITY);
  Reflect.set(Error, "prepareStackTrace", (_error: unknown, sites: readonly NodeJS.CallSite[]) => sites);
  let stack: unknown;
  try {
    const here: { stack?: unknown } = {};
    Error.captureStackTrace(here);
    ({ stack } = here);
  } finally {
    Reflect.set(Error, "stackTraceLimit", stackTraceLimit);
    if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, "prepareStackTrace");
    else Reflect.set(Error, "prepareStackTrace", prepareStackTrace);
  }
  if (Array.isArray(stack)) {
    const sites = stack as readonly NodeJS.CallSite[];
    return sites.some((site) => site.getFunctionName() === name) || !(isWhole || sites.length < stackTraceLimit);
  }
  const text = String(stack);
  return text.includes(`${name} `) || !(isWhole || text.split("\n    at ").length <= stackTraceLimit);
}
