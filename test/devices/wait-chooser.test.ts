/** The choice between polling for replies and blocking for them, made by trying. */
import test from "ava";
import { WaitChooser, type WaitMethod } from "../../src/devices/wait-chooser.ts";

/** How long an exchange takes with each method, in milliseconds. */
type Times = Readonly<Record<WaitMethod, number>>;

/** Makes so many exchanges; tells how many were made with each method. */
function exchange(chooser: WaitChooser, times: number, { polling, blocking }: Times): Record<WaitMethod, number> {
  const made = { polling: 0, blocking: 0 };
  for (let time = 0; time < times; time++) {
    const { method } = chooser;
    made[method]++;
    chooser.took(method === "polling" ? polling : blocking);
  }
  return made;
}

const pollingIsQuicker: Times = { polling: 0.06, blocking: 0.14 };
const blockingIsQuicker: Times = { polling: 0.08, blocking: 0.03 };

test("what is quicker is used for nearly all exchanges, and polling while nothing is known", (t) => {
  const chooser = new WaitChooser();
  t.is(chooser.method, "polling");
  t.true(exchange(chooser, 100_000, pollingIsQuicker).polling > 99_000);
  t.true(exchange(new WaitChooser(), 100_000, blockingIsQuicker).blocking > 98_000);
});

test("what was quicker once need not stay so", (t) => {
  const chooser = new WaitChooser();
  exchange(chooser, 10_000, blockingIsQuicker);
  t.is(chooser.method, "blocking");
  exchange(chooser, 100_000, pollingIsQuicker);
  t.is(chooser.method, "polling");
  exchange(chooser, 200_000, blockingIsQuicker);
  t.is(chooser.method, "blocking");
});

test("methods that take as long as each other are not changed", (t) => {
  t.true(exchange(new WaitChooser(), 100_000, { polling: 0.05, blocking: 0.049 }).polling > 99_000);
});

test("for slow exchanges, which no polling makes quicker, blocking is preferred", (t) => {
  const { blocking } = exchange(new WaitChooser(), 1000, { polling: 5.1, blocking: 5.2 });
  t.true(blocking > 800, `${blocking}`);
  t.true(exchange(new WaitChooser(), 1000, { polling: 5, blocking: 6 }).polling > 900);
});

test("quick and slow exchanges are told apart", (t) => {
  const chooser = new WaitChooser();
  exchange(chooser, 5000, pollingIsQuicker);
  exchange(chooser, 500, { polling: 5.5, blocking: 5 });
  t.is(chooser.method, "blocking");
  chooser.took(pollingIsQuicker.blocking);
  t.is(chooser.method, "blocking", "one quick exchange says nothing");
  exchange(chooser, 20, pollingIsQuicker);
  t.is(chooser.method, "polling");
});

test("now and then a machine stands still, which changes nothing", (t) => {
  const chooser = new WaitChooser();
  exchange(chooser, 10_000, blockingIsQuicker);
  for (let time = 0; time < 300; time++) {
    chooser.took(blockingIsQuicker.blocking * 10);
    exchange(chooser, 300, blockingIsQuicker);
  }
  t.is(chooser.method, "blocking");
});

test("after a gap, and after an interruption, replies are polled for at first", (t) => {
  const chooser = new WaitChooser();
  exchange(chooser, 10_000, blockingIsQuicker);
  chooser.paused();
  const afterGap = exchange(chooser, 1000, blockingIsQuicker).polling;
  chooser.interrupted();
  const afterInterruption = exchange(chooser, 1000, blockingIsQuicker).polling;
  t.true(afterGap > 0 && afterGap < afterInterruption && afterInterruption < 100);
});

test("a peer that has blocking interrupted again and again is polled for longer and longer", (t) => {
  const chooser = new WaitChooser();
  exchange(chooser, 5000, blockingIsQuicker);
  let interruptions = 0;
  for (let time = 0; time < 10_000; time++) {
    const { method } = chooser;
    if (method === "blocking") {
      chooser.interrupted();
      interruptions++;
    }
    chooser.took(30);
  }
  t.true(interruptions < 30, `${interruptions}`);
});

test("what is fixed stays; where there is no blocking, not even that is blocking", (t) => {
  const chooser = new WaitChooser("blocking");
  chooser.paused();
  chooser.interrupted();
  t.is(exchange(chooser, 5000, pollingIsQuicker).blocking, 5000);
  chooser.polls();
  t.is(exchange(chooser, 5000, blockingIsQuicker).polling, 5000);
});
