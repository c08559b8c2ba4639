/** The deadlines of the receiving side, without a clock: what each counts from, and what stops it. */
import test from "ava";
import fc from "fast-check";
import { ReceiveClock, type ReceiveLimits } from "../../../src/core/exchange/receive-clock.ts";

const NONE: ReceiveLimits = { idleTimeoutMs: 0, messageTimeoutMs: 0, interByteTimeoutMs: 0, halfOpenTimeoutMs: 0 };

/** A clock that starts at 0. */
function clockWith(limits: Partial<ReceiveLimits>): ReceiveClock {
  return new ReceiveClock({ ...NONE, ...limits }, 0);
}

test("without limits nothing is ever due", (t) => {
  const clock = clockWith({});
  clock.received(5);
  clock.settled("message");
  clock.halfOpened("peer", 6);
  t.is(clock.due, Infinity);
  t.is(clock.expired(1e12), undefined);
  t.false(clock.hasLimits);
  t.true(clockWith({ halfOpenTimeoutMs: 1 }).hasLimits);
});

test("idle counts from the last byte, whether it completes a message or not", (t) => {
  const clock = clockWith({ idleTimeoutMs: 400 });
  for (let now = 100; now <= 2000; now += 100) {
    t.is(clock.expired(now), undefined);
    clock.received(now);
    clock.settled("message");
  }
  t.is(clock.due, 2400);
  t.is(clock.expired(2399), undefined);
  t.is(clock.expired(2400), "idle");
});

test("message counts from the first byte of a message, however many follow", (t) => {
  const clock = clockWith({ messageTimeoutMs: 100 });
  for (const now of [10, 50, 90]) {
    clock.received(now);
    clock.settled("message");
  }
  t.is(clock.due, 110);
  t.is(clock.expired(110), "message");
  t.is(clock.expired(1000), undefined, "it passes once");
});

test("what is left behind a complete message is a new one", (t) => {
  const clock = clockWith({ messageTimeoutMs: 100 });
  clock.received(10);
  clock.settled("message");
  clock.received(90);
  clock.taken();
  clock.settled("message");
  t.is(clock.due, 190);
  clock.received(150);
  clock.taken();
  clock.settled("nothing");
  t.is(clock.due, Infinity);
});

test("silence counts from the last byte, while part of a message or noise is there", (t) => {
  const clock = clockWith({ interByteTimeoutMs: 20 });
  clock.received(10);
  clock.settled("nothing");
  t.is(clock.due, Infinity);
  clock.received(20);
  clock.settled("message");
  t.is(clock.due, 40);
  clock.received(35);
  clock.settled("noise");
  t.is(clock.due, 55);
  t.is(clock.expired(55), "silence");
  t.is(clock.due, Infinity, "the line was silent: that is so until the next byte");
  clock.received(100);
  t.is(clock.due, 120);
});

test("half-open counts from the side that closed first; what the other end closed receives nothing more", (t) => {
  const clock = clockWith({ idleTimeoutMs: 10, messageTimeoutMs: 10, interByteTimeoutMs: 10, halfOpenTimeoutMs: 30 });
  clock.received(5);
  clock.settled("message");
  clock.halfOpened("peer", 6);
  clock.halfOpened("self", 20);
  t.is(clock.due, 36);
  t.is(clock.expired(36), "half-open");
  t.is(clock.due, Infinity);
});

test("this side closed, the other end may still send, and idle still counts", (t) => {
  const clock = clockWith({ idleTimeoutMs: 10, halfOpenTimeoutMs: 30 });
  clock.halfOpened("self", 5);
  t.is(clock.expired(10), "idle");
  t.is(clock.expired(20), "idle", "it starts again");
});

test("time in which nobody reads does not count, but for half-open", (t) => {
  const clock = clockWith({ idleTimeoutMs: 100, messageTimeoutMs: 200, halfOpenTimeoutMs: 1000 });
  clock.received(50);
  clock.settled("message");
  clock.pause(60);
  clock.pause(70);
  clock.halfOpened("self", 80);
  t.is(clock.due, 1080);
  t.is(clock.expired(1000), undefined);
  clock.resume(1060);
  clock.resume(1070);
  t.is(clock.expired(1080), "half-open");
  t.is(clock.due, 1150, "idle has 90 ms left, message 190");
});

test("bytes that came while nobody read count from when somebody reads", (t) => {
  const clock = clockWith({ idleTimeoutMs: 100, interByteTimeoutMs: 20 });
  clock.pause(0);
  clock.received(50);
  clock.resume(300);
  clock.settled("message");
  t.is(clock.due, 320, "silence has to be observed from its beginning");
  t.is(clock.expired(320), "silence");
  t.is(clock.due, 400);
});

/** What can happen to a clock, and after how long. */
const events = fc.array(
  fc.record({
    after: fc.nat(60),
    what: fc.constantFrom("received", "taken", "message", "noise", "nothing", "pause", "resume", "look"),
  }),
  { maxLength: 60 },
);
const limits = fc.record({
  idleTimeoutMs: fc.constantFrom(0, 40, 100),
  messageTimeoutMs: fc.constantFrom(0, 70, 150),
  interByteTimeoutMs: fc.constantFrom(0, 20, 50),
  halfOpenTimeoutMs: fc.constant(0),
});

test("for whatever happens: nothing expires before it is due, and what is due expires when looked at", (t) => {
  fc.assert(
    fc.property(limits, events, (given, steps) => {
      const clock = new ReceiveClock(given, 0);
      let now = 0;
      let lastByte = 0;
      let isPaused = false;
      for (const { after, what } of steps) {
        now += after;
        if (what === "received") clock.received((lastByte = now));
        else if (what === "taken") clock.taken();
        else if (what === "pause") clock.pause(now);
        else if (what === "resume") clock.resume(now);
        else if (what !== "look") clock.settled(what);
        if (what === "pause") isPaused = true;
        if (what === "resume") isPaused = false;
        const { due } = clock;
        const passed = clock.expired(now);
        if ((passed !== undefined) !== due <= now) return false;
        // Whoever hears of silence or idleness did not receive anything for that long.
        if (passed === "idle" && now - lastByte < given.idleTimeoutMs) return false;
        if (passed === "silence" && now - lastByte < given.interByteTimeoutMs) return false;
        if (isPaused && passed !== undefined) return false;
      }
      return true;
    }),
  );
  t.pass();
});

test("for whatever happens: every limit that runs is reached by waiting", (t) => {
  fc.assert(
    fc.property(limits, events, (given, steps) => {
      const clock = new ReceiveClock(given, 0);
      let now = 0;
      for (const { after, what } of steps) {
        now += after;
        if (what === "received") clock.received(now);
        else if (what === "taken") clock.taken();
        else if (what === "pause") clock.pause(now);
        else if (what === "resume") clock.resume(now);
        while (what === "look" && clock.expired(now) !== undefined) continue;
      }
      clock.resume(now);
      clock.received(now);
      clock.taken();
      clock.settled("message");
      const expected = Math.min(...Object.values(given).map((limit) => (limit === 0 ? Infinity : now + limit)));
      return clock.due === expected && (expected === Infinity || clock.expired(expected) !== undefined);
    }),
  );
  t.pass();
});
