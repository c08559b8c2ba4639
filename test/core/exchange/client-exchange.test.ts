/** The decisions of an exchange, without a connection: what leaves when, how a call ends, and what becomes of the channel. */
import test from "ava";
import fc from "fast-check";
import { ClientExchange } from "../../../src/core/exchange/client-exchange.ts";
import type { MessageBoundary } from "../../../src/core/framing.ts";
import { TerminatorFraming } from "../../../src/framings/terminator.ts";
import { BasicFraming } from "../../../src/framings/basic.ts";
import { ChannelError } from "../../../src/errors.ts";

/** An exchange, and what it queued on its connections. */
class Bench {
  readonly exchange: ClientExchange<string>;
  readonly wire: string[] = [];
  /** Whether the next message cannot be queued. */
  isFull = false;

  constructor(options: { keepAlive?: boolean; boundary?: MessageBoundary; maxQueuedBytes?: number } = {}) {
    const { keepAlive = true, boundary = "message", maxQueuedBytes = 1000 } = options;
    const Framing = boundary === "message" ? TerminatorFraming : BasicFraming;
    const makeFraming = (): TerminatorFraming | BasicFraming => new Framing({}, "client");
    this.exchange = new ClientExchange({ keepAlive, boundary, maxQueuedBytes, makeFraming });
  }

  start(text: string): "open" | "queued" {
    return this.exchange.start(Buffer.from(text));
  }

  open(): "send" | "idle" | "finish" {
    const queue = (payload: Uint8Array): void => {
      if (this.isFull) throw new ChannelError("ERR_BACKPRESSURE", "full", { outcome: "not-sent" });
      this.wire.push(Buffer.from(payload).toString());
    };
    this.exchange.opened({ queue });
    return this.exchange.connected();
  }

  /** Begins a call, on a connection that is opened for it if need be, and sends its request. */
  call(text: string): void {
    const { exchange } = this;
    const beginning = exchange.begin({ goal: "reply", payload: Buffer.from(text) });
    if (beginning === "reopen") exchange.lost();
    if (beginning !== "send") this.open();
    exchange.request();
  }
}

test("what was started first leaves first, open or not", (t) => {
  const bench = new Bench();
  t.is(bench.start("A"), "open");
  bench.call("B");
  t.deepEqual(bench.wire, ["A", "B"]);
  t.is(bench.exchange.passed(true), "settle");
  t.is(bench.exchange.settle(false), "keep");
  t.is(bench.start("C"), "queued");
  bench.call("D");
  t.deepEqual(bench.wire, ["A", "B", "C", "D"]);
});

test("queueing for a call is all or nothing: what does not fit behind what waits leaves no trace", (t) => {
  const bench = new Bench();
  bench.start("a".repeat(600));
  t.throws(() => bench.call("b".repeat(600)), { code: "ERR_BACKPRESSURE" });
  t.is(bench.exchange.call, undefined);
  bench.call("c");
  t.deepEqual(
    bench.wire.map(({ length }) => length),
    [600, 1],
  );
});

test("a request that the connection refuses was not sent, and leaves the connection as it was", (t) => {
  for (const keepAlive of [true, false]) {
    const bench = new Bench({ keepAlive });
    bench.isFull = true;
    t.throws(() => bench.call("x"), { code: "ERR_BACKPRESSURE" });
    t.is(bench.exchange.call?.outcome, "not-sent");
    t.is(bench.exchange.settle(true), keepAlive ? "keep" : "finish");
    t.false(bench.exchange.isOutOfStep);
  }
});

test("outcome is that of the call's own record, over all connections that it used", (t) => {
  const bench = new Bench({ boundary: "half-close" });
  bench.call("STEP-1");
  bench.start("STEP-2");
  t.is(bench.exchange.passed(false), "reopen");
  t.is(bench.exchange.lost(), "reopen");
  const failed = bench.exchange.openFailed();
  t.is(typeof failed === "object" ? failed.outcome : failed, "unknown");
  bench.call("next");
  t.deepEqual(bench.wire, ["STEP-1", "next"], "what the failed call had queued is dropped");
});

test("what was started before a call that could not open still waits; what was started alone is dropped", (t) => {
  const bench = new Bench();
  bench.start("A");
  bench.exchange.begin({ goal: "reply", payload: Buffer.from("B") });
  bench.exchange.openFailed();
  t.true(bench.exchange.isWaitingToSend);
  t.true(bench.exchange.open());
  t.is(bench.exchange.openFailed(), "start");
  t.false(bench.exchange.isWaitingToSend);
});

test("what is started in the last pass leaves before the channel closes", (t) => {
  const bench = new Bench({ keepAlive: false });
  bench.call("request");
  bench.start("thanks");
  t.is(bench.exchange.passed(true), "leave");
  t.is(bench.exchange.settle(false), "finish");
  t.deepEqual(bench.wire, ["request", "thanks"]);
});

test("where a connection carries one exchange, it leaves over a new one", (t) => {
  const bench = new Bench({ boundary: "half-close" });
  bench.call("request");
  bench.start("thanks");
  t.is(bench.exchange.passed(true), "reopen");
  t.is(bench.exchange.lost(), "reopen");
  t.is(bench.open(), "send");
  t.deepEqual(bench.exchange.request(), { isLast: true, next: "leave" });
});

test("a call that failed closes the channel, whatever it failed with, and a late reply has to be dropped", (t) => {
  const bench = new Bench();
  bench.call("request");
  t.is(bench.exchange.settle(true), "destroy");
  t.true(bench.exchange.isOutOfStep);
});

test("finish() closes after the call that is under way, and no later one", (t) => {
  const bench = new Bench();
  bench.call("one");
  t.false(bench.exchange.finish());
  t.is(bench.exchange.settle(false), "destroy");
  t.is(bench.exchange.lost(), "idle");
  bench.exchange.begin({ goal: "reply", payload: Buffer.from("two") });
  bench.exchange.finish();
  bench.exchange.openFailed();
  bench.call("three");
  bench.exchange.passed(true);
  t.is(bench.exchange.settle(false), "keep");
});

const steps = fc.array(
  fc.constantFrom("start", "begin", "open", "openFailed", "pass", "done", "fail", "lost", "finish", "close", "spend"),
  { maxLength: 40 },
);

test("for whatever happens: payloads leave in order, at most once, and never those of a call that failed", (t) => {
  fc.assert(
    fc.property(
      steps,
      fc.boolean(),
      fc.constantFrom<MessageBoundary>("message", "half-close"),
      (given, keepAlive, boundary) => {
        const bench = new Bench({ keepAlive, boundary, maxQueuedBytes: 1e6 });
        const { exchange } = bench;
        const forbidden = new Set<string>();
        let ofCall: string[] = [];
        let count = 0;
        const fail = (): void => {
          for (const text of ofCall) if (!bench.wire.includes(text)) forbidden.add(text);
          ofCall = [];
        };
        const end = (hasFailed: boolean): void => {
          if (hasFailed) fail();
          ofCall = [];
          if (exchange.settle(hasFailed) !== "keep") exchange.lost();
        };
        const proceed = (then: unknown): void => {
          if (then === "reopen") {
            exchange.lost();
            bench.open();
            if (exchange.request().next === "leave") end(false);
          } else if (then === "leave" || then === "settle") end(false);
        };
        for (const step of given) {
          const text = `${++count}`;
          const isUnderWay = exchange.isAwaiting;
          if (step === "start") {
            bench.start(text);
            if (exchange.call !== undefined) ofCall.push(text);
          } else if (step === "begin" && exchange.call === undefined) {
            ofCall = [text];
            bench.call(text);
          } else if (step === "open" && exchange.call === undefined && exchange.open()) bench.open();
          else if (step === "openFailed" && exchange.call === undefined && exchange.open()) exchange.openFailed();
          else if (step === "pass" && isUnderWay) proceed(exchange.passed(false));
          else if (step === "done" && isUnderWay) proceed(exchange.passed(true));
          else if (step === "fail" && isUnderWay) end(true);
          else if (step === "lost") {
            if (isUnderWay) fail();
            exchange.lost();
          } else if (step === "finish") {
            if (exchange.finish()) exchange.lost();
          } else if (step === "close") {
            fail();
            exchange.close();
            exchange.lost();
          } else if (step === "spend") exchange.spend();
        }
        const sent = bench.wire.map(Number);
        return (
          sent.every((each, index) => index === 0 || each > (sent[index - 1] as number)) &&
          !bench.wire.some((text) => forbidden.has(text))
        );
      },
    ),
    { numRuns: 500 },
  );
  t.pass();
});
