/** What processes are made to do in the tests of the blocking mode. An act gets and returns plain data. */
import * as exchangeActs from "./acts-exchange.ts";
import * as processActs from "./acts-process.ts";
import * as serialActs from "./acts-serial.ts";

/** Runs in the process. `say` tells the test something; `go` waits for the test to say go. */
export type Act<Input, Result> = (
  input: Input,
  say: (note: string) => void,
  go: () => Promise<void>,
) => Result | Promise<Result>;

/** All acts, by name. */
export const acts: typeof exchangeActs & typeof processActs & typeof serialActs = {
  ...exchangeActs,
  ...processActs,
  ...serialActs,
};

/** The name of an act. */
export type ActName = keyof typeof acts;
/** What an act is given. */
export type ActInput<Name extends ActName> = Parameters<(typeof acts)[Name]>[0];
/** What an act returns. */
export type ActResult<Name extends ActName> = Awaited<ReturnType<(typeof acts)[Name]>>;
