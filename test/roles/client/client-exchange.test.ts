/** What every client does alike, whatever its mode, device and framing; against the asynchronous server of its family. */
import test, { type ExecutionContext } from "ava";
import type { Data } from "../../../src/core/data.ts";
import {
  exchangingCells,
  type ChannelCell,
  type ChannelFamily,
  type Extra,
  familyWith,
  placesOf,
} from "../../support/channel-cells.ts";
import { leavesNothing } from "../../support/channel-leaks.ts";
import { type Place, places } from "../../support/channel-places.ts";
import { endScripts, runScript, runScriptApart, startScripts } from "../../support/channel-script-runner.ts";
import { countingEcho, echo, openStage, type StageOptions } from "../../support/channel-stage.ts";
import { openVirtualLine } from "../../support/virtual-line.ts";

const allBytes = Buffer.from(Uint8Array.from({ length: 256 }, (_, index) => index));
const allBytesBackwards = Buffer.from(allBytes.toReversed());
const long = Buffer.alloc(6000, "0123456789abc");
const longer = Buffer.alloc(10_000, allBytesBackwards);

/** What is carried by every framing, if only one message is to be carried. */
const single = {
  "one exchange": "hello",
  "6,000 bytes": long,
  "10,000 bytes of all values": longer,
  "all byte values": allBytesBackwards,
};

/** Keeps the process that bridges lines, so that it comes and goes in no test. */
const spare = await openVirtualLine();
test.after.always(async () => {
  await spare.close();
  await endScripts();
});

const clients = exchangingCells.filter((cell) => cell.role === "Client");
startScripts(clients);

test("the clients are found", (t) => {
  t.true(clients.length >= 7, clients.map((cell) => cell.className).join(", "));
});

for (const cell of clients) {
  const family = familyWith(cell.device, cell.framing);
  for (const place of placesOf(cell)) {
    const subject: Subject = { cell, family, place };
    for (const [title, request] of Object.entries(single)) {
      test.serial(
        `${cell.className}, ${place.title}: ${title}`,
        leavesNothing((t) => exchanges(t, subject, [request])),
      );
    }
    if (hasEnds(subject)) exchangeTests(subject);
    if (family.boundary === "message") seriesTests(subject);
  }
}

/** What is tested, and where. */
interface Subject {
  readonly cell: ChannelCell;
  readonly family: ChannelFamily;
  readonly place: Place;
}

/** Whether the end of a channel, or of its message, can be told without using the channel up. */
function hasEnds({ family, place }: Subject): boolean {
  return family.boundary === "message" || place.device === "Socket";
}

/** Makes the requests in turn and expects each to be answered with itself. */
async function exchanges(
  t: ExecutionContext,
  subject: Subject,
  requests: readonly Data[],
  options: Extra = {},
): Promise<void> {
  await using stage = await openStage(subject.family, subject.place, echoing(subject, requests));
  const address = { ...stage.address, ...options };
  const { replies, closedAfter, isDone, closedAtEnd } = await runScript(subject.cell, address, "exchange", requests);
  t.deepEqual(replies.map(String), requests.map(String));
  for (const [index, request] of requests.entries()) t.deepEqual(replies[index], Buffer.from(request as Uint8Array));
  const staysOpen = options["keepAlive"] === true && subject.family.boundary === "message";
  t.deepEqual(
    closedAfter,
    requests.map(() => !staysOpen),
  );
  t.true(isDone);
  t.true(closedAtEnd);
}

/** A server that answers each request with itself, also where only it can know where a request ends. */
function echoing({ family, place }: Subject, requests: readonly Data[]): StageOptions {
  if (family.boundary !== "channel") return {};
  const server = countingEcho(requests.map((request) => Buffer.from(request as Uint8Array).length));
  return { server, onClose: place.device === "Serial" ? "hang-up" : "keep" };
}

/** Tests of channels on which an exchange ends while the place goes on. */
function exchangeTests(subject: Subject): void {
  const { cell, family, place } = subject;
  const title = (text: string): string => `${cell.className}, ${place.title}: ${text}`;
  const three = ["one", allBytesBackwards, long];

  test.serial(
    title("three exchanges, a channel each"),
    leavesNothing((t) => exchanges(t, subject, three)),
  );
  test.serial(
    title("three exchanges with keepAlive"),
    leavesNothing((t) => exchanges(t, subject, three, { keepAlive: true })),
  );

  test.serial(
    title("the server sees as many connections as the exchange rules say"),
    leavesNothing(async (t) => {
      for (const keepAlive of [false, true]) {
        await using stage = await openStage(family, place, echoing(subject, three));
        await runScript(cell, { ...stage.address, keepAlive }, "exchange", three);
        const isShared = place.device === "Serial" || (keepAlive && family.boundary === "message");
        t.is(stage.server.stats().accepted, isShared ? 1 : 3);
      }
    }),
  );

  if (family.boundary !== "channel") {
    test.serial(
      title("empty messages"),
      leavesNothing(async (t) => {
        await exchanges(t, subject, ["", "a", ""]);
        await exchanges(t, subject, ["", "a", ""], { keepAlive: true });
      }),
    );
  }

  test.serial(
    title("an empty reply"),
    leavesNothing(async (t) => {
      await using stage = await openStage(family, place, {
        server: { processData: (_, channel) => channel.start("") },
      });
      const { replies } = await runScript(cell, stage.address, "exchange", ["hello"]);
      t.deepEqual(replies.map(String), [""]);
    }),
  );

  test.serial(
    title("start() in processData goes on with the exchange"),
    leavesNothing(async (t) => {
      for (const keepAlive of [false, true]) {
        const requests = ["first", "second", "third"];
        await using stage = await openStage(family, place, echoing(subject, requests));
        const { reply, seen, isDone } = await runScript(cell, { ...stage.address, keepAlive }, "prolong", requests);
        t.deepEqual(seen.map(String), requests);
        t.is(reply.toString(), "third", "the last reply is the result");
        t.true(isDone);
        const isOne = family.boundary === "message" || place.device === "Serial";
        t.is(
          stage.server.stats().accepted,
          isOne ? 1 : 3,
          "where a connection carries one exchange, it is opened anew",
        );
      }
    }),
  );

  test.serial(
    title("hooks are called in order, given as options or overridden"),
    leavesNothing(async (t) => {
      for (const how of ["options", "override"] as const) {
        await using stage = await openStage(family, place);
        const { told } = await runScript(cell, stage.address, "tellHooks", { request: "hi", how });
        t.deepEqual(told, ["onConnect", "processData hi", "queryDone", "onClose"], how);
      }
    }),
  );

  test.serial(
    title("messages are strings with an encoding"),
    leavesNothing(async (t) => {
      const text = "žluťoučký kůň, €, 𝄞";
      await using stage = await openStage(family, place, echoing(subject, [text]));
      const { replies } = await runScript(cell, { ...stage.address, encoding: "utf8" }, "exchange", [text]);
      t.deepEqual(replies as unknown[], [text]);
    }),
  );

  test.serial(
    title("replies() yields the reply to each item"),
    leavesNothing(async (t) => {
      const items = ["a", "b", "c"];
      for (const keepAlive of [false, true]) {
        await using stage = await openStage(family, place, echoing(subject, items));
        const { replies } = await runScript(cell, { ...stage.address, keepAlive }, "iterate", items);
        t.deepEqual(replies.map(String), items);
      }
    }),
  );

  test.serial(
    title("connect() and close() may be called again, and a closed client opens anew"),
    leavesNothing(async (t) => {
      await using stage = await openStage(family, place, echoing(subject, ["hi", "hi"]));
      const { closed, reply } = await runScript(cell, stage.address, "openAndClose", "hi");
      t.deepEqual(closed, [true, false, true]);
      t.is(reply.toString(), "hi");
    }),
  );

  test.serial(
    title("finish() in processData closes a channel with keepAlive after the exchange"),
    leavesNothing(async (t) => {
      await using stage = await openStage(family, place, echoing(subject, ["hi"]));
      const { reply, isClosed } = await runScript(cell, stage.address, "finishInHook", "hi");
      t.is(reply.toString(), "hi");
      t.true(isClosed);
    }),
  );

  test.serial(
    title("without a reply in time the call fails, and a late reply never answers the next call"),
    leavesNothing(async (t) => {
      const late: (() => void)[] = [];
      await using stage = await openStage(family, place, {
        server: {
          async processData(data, channel) {
            if (data.toString() !== "slow") return channel.start(data);
            await new Promise<void>((resolve) => late.push(resolve));
            if (!channel.closed) channel.start("late");
          },
          // With the next connection. That the one before is gone is the server's fault to hear.
          onAccept: () => late.splice(0).forEach((answer) => answer()),
          onError: () => undefined,
        },
      });
      const options = { ...stage.address, keepAlive: true };
      // A line has but one channel, which is busy with the answer that is late.
      const next = place.device === "Serial" ? undefined : "next";
      const input = { request: "slow", timeoutMs: 30, ...(next !== undefined && { next }) };
      const { failure, isClosed, reply } = await runScript(cell, options, "failThenGoOn", input);
      t.is(failure.code, "ERR_REPLY_TIMEOUT");
      t.is(failure.outcome, "unknown");
      t.regex(failure.message, /30 ms/);
      t.true(isClosed);
      t.is(reply?.toString(), next);
      for (const answer of late.splice(0)) answer();
    }),
  );
}

/** Tests of channels that carry many messages. */
function seriesTests(subject: Subject): void {
  const { cell, family, place } = subject;
  const title = (text: string): string => `${cell.className}, ${place.title}: ${text}`;

  test.serial(
    title("queryDone() decides how many messages make a reply"),
    leavesNothing(async (t) => {
      await using stage = await openStage(family, place, {
        server: { processData: (_, channel) => ["one", "", "three"].forEach((text) => channel.start(text)) },
      });
      const { reply, seen } = await runScript(cell, stage.address, "readOn", { request: "list", messages: 3 });
      t.deepEqual(seen.map(String), ["one", "", "three"]);
      t.is(reply.toString(), "three");
    }),
  );

  // A serial server opens its one channel before the client is there.
  if (place.device === "Serial") return;
  test.serial(
    title("waitFor() reads what a server says first"),
    leavesNothing(async (t) => {
      await using stage = await openStage(family, place, {
        server: {
          processData: echo,
          onAccept: (channel) =>
            channel.once("connect", () => ["welcome", "ready"].forEach((text) => channel.start(text))),
        },
      });
      const { greeting, reply } = await runScript(cell, stage.address, "greet", { ending: "ready", request: "hi" });
      t.is(greeting.toString(), "ready");
      t.is(reply.toString(), "hi");
    }),
  );
}

test("a client runs in another process than its server just the same", async (t) => {
  const cell = clients.find((each) => each.device === "Socket" && each.framing !== "") as ChannelCell;
  const [place] = places as [Place];
  await using stage = await openStage(familyWith(cell.device, cell.framing), place, { server: { processData: echo } });
  const { replies } = await runScriptApart(cell, stage.address, "exchange", ["one", longer]);
  t.deepEqual(replies, [Buffer.from("one"), longer]);
});
