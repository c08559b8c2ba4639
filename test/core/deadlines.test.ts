import test from "ava";
import { Deadlines } from "../../src/core/deadlines.ts";

/** Deadlines, with the kinds that passed, and a promise for the next `count` of them. */
function observed(): { deadlines: Deadlines<string>; passed: string[]; after: (count: number) => Promise<void> } {
  const passed: string[] = [];
  let wanted = Number.POSITIVE_INFINITY;
  let tell = (): void => undefined;
  const deadlines = new Deadlines<string>((kind) => {
    passed.push(kind);
    if (passed.length >= wanted) tell();
  });
  const after = (count: number): Promise<void> =>
    new Promise((resolve) => {
      wanted = count;
      tell = resolve;
      if (passed.length >= count) resolve();
    });
  return { deadlines, passed, after };
}

test("each deadline is told once, in the order in which they are due", async (t) => {
  const { deadlines, passed, after } = observed();
  deadlines.set("late", 30);
  deadlines.set("early", 5);
  t.true(deadlines.has("late"));
  await after(2);
  t.deepEqual(passed, ["early", "late"]);
  t.false(deadlines.has("late"));
});

test("a deadline that is moved, taken back or never set is not told", async (t) => {
  const { deadlines, passed, after } = observed();
  deadlines.set("none", 0);
  t.false(deadlines.has("none"), "0 means no deadline");
  deadlines.set("taken back", 5);
  deadlines.clear("taken back");
  deadlines.set("moved", 5);
  deadlines.set("fixed", 10);
  deadlines.set("moved", 40);
  await after(2);
  t.deepEqual(passed, ["fixed", "moved"]);
});

test("a deadline may be set, moved and taken back while another is told", async (t) => {
  const passed: string[] = [];
  await new Promise<void>((resolve) => {
    const deadlines = new Deadlines<string>((kind) => {
      passed.push(kind);
      if (kind === "first") {
        deadlines.clear("second");
        deadlines.set("third", 5);
      }
      if (kind === "third" && passed.length === 2) deadlines.set("third", 5);
      if (passed.length === 3) resolve();
    });
    deadlines.set("first", 5);
    deadlines.set("second", 5);
  });
  t.deepEqual(passed, ["first", "third", "third"]);
});

test.serial("taking all back lets go of the timer", async (t) => {
  const before = timers();
  const { deadlines, passed, after } = observed();
  deadlines.set("a", 60_000);
  deadlines.set("b", 70_000);
  t.is(timers(), before + 1, "one timer serves all deadlines");
  deadlines.clearAll();
  t.is(timers(), before);
  deadlines.set("c", 5);
  await after(1);
  t.deepEqual(passed, ["c"]);
  t.is(timers(), before);
});

function timers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
}
