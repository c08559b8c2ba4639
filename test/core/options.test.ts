import test, { type ExecutionContext } from "ava";
import {
  badOption,
  booleanOption,
  choiceOption,
  durationOption,
  encodingOption,
  functionOption,
  integerOption,
  optionsObject,
} from "../../src/core/options.ts";

/** Values that a program may pass although the types forbid it. */
type Anything = never;

function refuses(t: ExecutionContext, message: string, check: () => unknown): void {
  t.throws(check, { code: "ERR_OPTIONS", name: "OptionsError", message }, message);
}

test("an error names the option, its value and what it may be, in one line", (t) => {
  const error = badOption("limits", { a: { b: 1 }, list: Array.from({ length: 50 }, () => 1) }, "give a number");
  t.regex(error.message, /^option "limits" is \{.*\}: give a number$/);
  t.is(error.code, "ERR_OPTIONS");
});

test("whole numbers", (t) => {
  t.is(integerOption("n", undefined, 7), 7);
  t.is(integerOption("n", 0, 7), 0);
  t.is(integerOption("n", 5, 7, 5, 5), 5);
  for (const value of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    refuses(t, `option "n" is ${value}: give a whole number of at least 0`, () => integerOption("n", value, 7));
  }
  refuses(t, `option "n" is 9: give a whole number from 1 to 8`, () => integerOption("n", 9, 7, 1, 8));
  refuses(t, `option "n" is '5': give a whole number of at least 0`, () => integerOption("n", "5" as Anything, 7));
  refuses(t, `option "n" is null: give a whole number of at least 0`, () => integerOption("n", null as Anything, 7));
  refuses(t, `option "n" is 5n: give a whole number of at least 0`, () => integerOption("n", 5n as Anything, 7));
});

test("durations, where 0 and infinity mean no limit", (t) => {
  t.is(durationOption("ms", undefined, 100), 100);
  t.is(durationOption("ms", 0, 100), 0);
  t.is(durationOption("ms", 0.5, 100), 0.5);
  t.is(durationOption("ms", Number.POSITIVE_INFINITY, 100), 0);
  t.is(durationOption("ms", 2_147_483_647, 100), 2_147_483_647);
  for (const value of [-1, Number.NaN, 2_147_483_648, Number.NEGATIVE_INFINITY]) {
    const text = `option "ms" is ${value}: give a duration of 0 to 2147483647 milliseconds (0: no limit)`;
    refuses(t, text, () => durationOption("ms", value, 100));
  }
  t.throws(() => durationOption("ms", "1s" as Anything, 100), { message: /'1s'/ });
});

test("booleans", (t) => {
  t.true(booleanOption("flag", undefined, true));
  t.false(booleanOption("flag", false, true));
  for (const value of [0, "true", null]) {
    t.throws(() => booleanOption("flag", value as Anything, true), { message: /give true or false$/ });
  }
});

test("one of several", (t) => {
  t.is(choiceOption("end", undefined, "read", ["close", "read"]), "read");
  t.is(choiceOption("end", "close", "read", ["close", "read"]), "close");
  const text = `option "end" is 'END': give one of "close", "read"`;
  refuses(t, text, () => choiceOption("end", "END", "read", ["close", "read"]));
});

test("encodings", (t) => {
  t.is(encodingOption(undefined), undefined);
  for (const encoding of ["utf8", "utf-8", "latin1", "ascii", "hex", "base64", "base64url", "utf16le"] as const) {
    t.is(encodingOption(encoding), encoding);
  }
  for (const value of ["utf-9", "", null, 8, {}]) {
    t.throws(() => encodingOption(value as Anything), {
      code: "ERR_OPTIONS",
      message: /^option "encoding" is .*"utf8"/,
    });
  }
});

test("functions", (t) => {
  const hook = (): void => {};
  t.is(functionOption("hook", hook), hook);
  t.is(functionOption("hook", undefined), undefined);
  for (const value of ["hook", null, {}]) {
    t.throws(() => functionOption("hook", value), {
      code: "ERR_OPTIONS",
      message: /^option "hook" is .*: give a function$/,
    });
  }
});

test("the options object itself", (t) => {
  const options = { a: 1 };
  t.is(optionsObject(options), options);
  for (const value of [undefined, null, 1, "options"]) {
    t.throws(() => optionsObject(value as Anything), { code: "ERR_OPTIONS", message: /^option "options" is / });
  }
});
