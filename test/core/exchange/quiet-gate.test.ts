import test from "ava";
import { QuietGate } from "../../../src/core/exchange/quiet-gate.ts";

test("a framing that needs no quiet has no gate", (t) => {
  t.is(QuietGate.for(undefined, 0), undefined);
  t.is(QuietGate.for({ openQuietMs: 0 }, 0), undefined);
  t.is(QuietGate.for({ silenceMs: 5 }, 0), undefined);
});

test("a message may be sent when nothing has come or left for long enough; at first, at once", (t) => {
  const gate = new QuietGate({ quietBeforeSendMs: 30 }, 100);
  t.true(gate.maySend(100));
  t.false(gate.received(110), "what comes is read");
  t.false(gate.maySend(139));
  t.is(gate.sendDue, 140);
  t.true(gate.maySend(140));
  gate.sent(145);
  t.false(gate.maySend(174));
  t.true(gate.maySend(175));
});

test("after opening, what comes is dropped and nothing is sent until nothing has come for long enough", (t) => {
  const gate = new QuietGate({ openQuietMs: 50 }, 0);
  t.false(gate.maySend(0));
  t.true(gate.received(20));
  t.true(gate.received(69), "each byte starts the wait again");
  t.false(gate.maySend(118));
  t.true(gate.maySend(119));
  t.false(gate.received(120), "from then on it is read");
  t.true(gate.maySend(120));
});

test("quiet that nobody listened to does not count while the connection is opening", (t) => {
  const gate = new QuietGate({ openQuietMs: 50 }, 0);
  gate.observe(1000);
  t.true(gate.received(1010));
  t.false(gate.maySend(1059));
  t.true(gate.maySend(1060));
  gate.observe(2000);
  t.true(gate.maySend(2000), "afterwards it makes no difference");
});
