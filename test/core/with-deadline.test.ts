import test from "ava";
import { withDeadline } from "../../src/core/with-deadline.ts";
import { OptionsError } from "../../src/errors.ts";

const late = (timeoutMs: number): Error => new Error(`late after ${timeoutMs}`);
const never = new Promise<never>(() => undefined);

test("without limits, the result of the work", async (t) => {
  t.is(await withDeadline(Promise.resolve(1), {}, late), 1);
});

test.serial("with limits that are not reached, the result of the work, and nothing is left behind", async (t) => {
  const { signal } = new AbortController();
  const timers = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  t.is(await withDeadline(Promise.resolve(1), { signal, timeoutMs: 60_000 }, late), 1);
  t.is(process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length, timers);
});

test("the work's own failure", async (t) => {
  const failure = new Error("failed");
  const options = { timeoutMs: 60_000 };
  t.is(await t.throwsAsync(withDeadline(Promise.reject(failure), options, late)), failure);
});

test("a signal that aborts rejects with its reason", async (t) => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const pending = withDeadline(never, { signal: controller.signal }, late);
  controller.abort(reason);
  t.is(await t.throwsAsync(pending), reason);
});

test("a signal that has aborted already rejects with its reason", async (t) => {
  const reason = new Error("enough");
  t.is(await t.throwsAsync(withDeadline(never, { signal: AbortSignal.abort(reason) }, late)), reason);
});

test("the time that has passed is told", async (t) => {
  await t.throwsAsync(withDeadline(never, { timeoutMs: 1 }, late), { message: "late after 1" });
});

test("a time that is none is an error of the options", async (t) => {
  await t.throwsAsync(withDeadline(never, { timeoutMs: -1 }, late), { instanceOf: OptionsError, message: /timeoutMs/ });
});
