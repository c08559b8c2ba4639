/** Checks of options: each says which option is wrong, what it was and what it may be. */
import { inspect } from "node:util";
import { OptionsError } from "../errors.ts";

/** An `ERR_OPTIONS` that names the option, its value and what it may be. */
export function badOption(name: string, value: unknown, expectation: string): OptionsError {
  const found = inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY });
  return new OptionsError("ERR_OPTIONS", `option "${name}" is ${found}: ${expectation}`);
}

/** A whole number from `least` to `most`, or `fallback` where the option is not given. */
export function integerOption(
  name: string,
  value: number | undefined,
  fallback: number,
  least = 0,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  if (value === undefined) return fallback;
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw badOption(name, value, `give a whole number ${range}`);
}

/** The longest delay that a timer can be set to. */
const LONGEST_DELAY_MS = 2_147_483_647;

/** A duration in milliseconds, or `fallback`; 0 means no limit. */
export function durationOption(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value === "number" && value >= 0 && value <= LONGEST_DELAY_MS) return value;
  if (value === Number.POSITIVE_INFINITY) return 0;
  throw badOption(name, value, `give a duration of 0 to ${LONGEST_DELAY_MS} milliseconds (0: no limit)`);
}

/** A boolean, or `fallback`. */
export function booleanOption(name: string, value: boolean | undefined, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value === "boolean") return value;
  throw badOption(name, value, "give true or false");
}

/** One of `choices`, or `fallback`. */
export function choiceOption<Choice extends string>(
  name: string,
  value: Choice | undefined,
  fallback: Choice,
  choices: readonly Choice[],
): Choice {
  if (value === undefined) return fallback;
  if (choices.includes(value)) return value;
  throw badOption(name, value, `give one of ${choices.map((choice) => JSON.stringify(choice)).join(", ")}`);
}

/** An encoding that `Buffer` knows, or `undefined`. */
export function encodingOption(value: BufferEncoding | undefined): BufferEncoding | undefined {
  if (value === undefined || (typeof value === "string" && Buffer.isEncoding(value))) return value;
  throw badOption(
    "encoding",
    value,
    'give an encoding that Buffer knows ("utf8", "latin1", "hex", …), or leave it out',
  );
}

/** A function, or `undefined`. */
export function functionOption<Value>(name: string, value: Value | undefined): Value | undefined {
  if (value === undefined || typeof value === "function") return value;
  throw badOption(name, value, "give a function");
}

/** The options object itself. */
export function optionsObject<Options>(value: Options | undefined): Options {
  if (typeof value === "object" && value !== null) return value;
  throw badOption("options", value, "give an object with the options");
}
