/** Many connections while children are killed at random. */
import test from "ava";
import { AsyncSocketClientWithTerminator } from "../../../generated/index.ts";
import { leavesNothing } from "../../support/channel-leaks.ts";
import { anyAlive, BROKEN, openStage } from "./stage.ts";

/** How long it goes on: 20 s find more than the few seconds that are enough to notice a defect. */
const SECONDS = Number(process.env["PLIB_IO_CHAOS_SECONDS"] ?? 5);
const CONNECTIONS_A_SECOND = 200;
const PAYLOAD = "x".repeat(3000);

test.serial(
  `${CONNECTIONS_A_SECOND} connections a second while a child is killed each second: all get a whole answer or none`,
  leavesNothing(async (t) => {
    const stage = await openStage({
      minSpareChildren: 3,
      maxChildren: 8,
      maxRequestsPerChild: 100,
      // However slow the machine, none is turned away.
      maxQueuedConnections: 100_000,
      queueTimeoutMs: 0,
    });
    const { address } = stage;
    const outcomes = new Map<string, number>();
    const asked: Promise<void>[] = [];
    const ask = async (index: number): Promise<void> => {
      const request = index % 2 === 0 ? "sleep 20" : `${index} ${PAYLOAD}`;
      const client = new AsyncSocketClientWithTerminator({ ...address, timeoutMs: 60_000 });
      const outcome = await client.clientCommunicate(request).then(
        (answer) => (["slept", request].includes(answer.toString()) ? "answered" : "wrong"),
        (error: unknown) => (error as { code: string }).code,
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    };
    let killed = 0;
    const kill = (): void => {
      const living = stage.started.filter(({ pid }) => !stage.ended.some((child) => child.pid === pid));
      const victim = living[Math.floor(Math.random() * living.length)];
      if (victim === undefined) return;
      process.kill(victim.pid, "SIGKILL");
      killed++;
    };
    await everyNow(SECONDS, CONNECTIONS_A_SECOND, (index) => {
      asked.push(ask(index));
      if (index % CONNECTIONS_A_SECOND === CONNECTIONS_A_SECOND / 2) kill();
    });
    await Promise.all(asked);
    const report = [...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(", ");
    t.log(`${report}; ${killed} children killed`);
    t.true(
      [...outcomes.keys()].every((outcome) => outcome === "answered" || BROKEN.includes(outcome)),
      report,
    );
    const broken = asked.length - (outcomes.get("answered") ?? 0);
    t.true(broken <= killed, `${report}: a child has no more than one connection to lose`);
    await stage.server.close({ drainTimeoutMs: 10_000 });
    t.is(stage.ended.length, stage.started.length);
    t.false(anyAlive(stage.started.map(({ pid }) => pid)));
    t.is(stage.faults.filter((code) => code !== "ERR_HANDLER_CRASHED").length, 0, stage.faults.join(", "));
  }),
);

/** Does something so many times a second, for so long; as often as is due, whenever the timer comes. */
async function everyNow(seconds: number, timesASecond: number, action: (index: number) => void): Promise<void> {
  const start = performance.now();
  let index = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(seconds * timesASecond, ((performance.now() - start) / 1000) * timesASecond);
      while (index < due) action(index++);
      if (index < seconds * timesASecond) return;
      clearInterval(timer);
      resolve();
    }, 5);
  });
}
