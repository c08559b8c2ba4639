/** Faults of serial lines in the blocking mode, and servers that serve one in their own thread. */
import { once } from "node:events";
import test from "ava";
import { connectBlockingSerial } from "../../src/devices/serial/blocking-serial.ts";
import { familyWith } from "../support/channel-cells.ts";
import { rawLine } from "../support/channel-raw-line.ts";
import { keepLines } from "../support/channel-subjects.ts";
import { openVirtualLine } from "../support/virtual-line.ts";
import { Apart, play } from "./apart.ts";
import type { Made } from "./subject.ts";

await keepLines();

const serial = (options: Made["options"], framing = "WithTerminator"): Made => ({ device: "Serial", framing, options });

test.serial("unplugged while a call waits: ERR_PORT_DISCONNECTED, and closing returns", async (t) => {
  const line = await openVirtualLine();
  await using apart = new Apart("fail", { made: serial({ path: line.a }), size: 1, timeoutMs: 30_000 });
  await using raw = rawLine(line.b);
  await raw.until("x\r\n");
  await line.hangUp("a");
  const { failure } = await apart.result;
  t.is(failure.code, "ERR_PORT_DISCONNECTED");
  t.is(failure.outcome, "unknown");
  t.true(failure.isClosed);
  await line.close();
});

test.serial("unplugged while a call writes: ERR_PORT_DISCONNECTED, with how much was written", async (t) => {
  const line = await openVirtualLine();
  const size = 8_000_000;
  await using apart = new Apart("fail", { made: serial({ path: line.a }, "WithReadWrite"), size });
  {
    await using raw = rawLine(line.b);
    await once(raw.socket, "data");
    await line.hangUp("a");
  }
  const { failure } = await apart.result;
  t.is(failure.code, "ERR_PORT_DISCONNECTED");
  t.true((failure.bytesWritten ?? -1) > 0 && (failure.bytesWritten ?? size) < size);
  await line.close();
});

test.serial("a port that cannot be opened is told by its own code, with nothing sent", async (t) => {
  for (const [path, code] of [
    ["/dev/there-is-no-such-port", "ERR_PORT_NOT_FOUND"],
    ["/dev/null", "ERR_PORT_NOT_TTY"],
    ["/dev", "ERR_PORT_NOT_TTY"],
  ] as const) {
    const { failure } = await play("failToOpen", { made: serial({ path }) });
    t.deepEqual([failure.code, failure.name, failure.outcome], [code, "OpenError", "not-sent"]);
  }
  const line = await openVirtualLine();
  const { Client } = familyWith("Serial", "WithTerminator");
  const holder = new Client({ path: line.a });
  await holder.connect();
  const { failure } = await play("failToOpen", { made: serial({ path: line.a }) });
  t.is(failure.code, "ERR_PORT_IN_USE");
  await holder.close();
  await line.close();
});

test.serial("a port that is open only after its deadline is closed again", async (t) => {
  const line = await openVirtualLine();
  const open = connectBlockingSerial({ path: line.a });
  t.is(open(performance.now() - 1), "late");
  const transport = open(Number.POSITIVE_INFINITY);
  if (transport !== "late") transport.close();
  t.not(transport, "late");
  await line.close();
});

test.serial("without the system's own calls, blocking mode opens no port, and says what to install", async (t) => {
  const line = await openVirtualLine();
  const { failure } = await play("failToOpen", { made: serial({ path: line.a }) }, "relay");
  t.deepEqual([failure.code, failure.name, failure.outcome], ["ERR_PORT_FAILED", "OpenError", "not-sent"]);
  await line.close();
});

test.serial("a path can be opened again and again, at once", async (t) => {
  const line = await openVirtualLine();
  const { Server } = familyWith("Serial", "WithTerminator");
  const server = new Server({ path: line.b, processData: (data, channel) => channel.start(data) });
  await server.listen();
  const { replies } = await play("openOften", { made: serial({ path: line.a }), times: 20 });
  t.is(replies, 20);
  await server.close();
  await line.close();
});

test.serial("a port without control lines says so, and works on; its speed can be changed", async (t) => {
  const line = await openVirtualLine();
  const { Server } = familyWith("Serial", "WithTerminator");
  const server = new Server({ path: line.b, processData: (data, channel) => channel.start(data) });
  await server.listen();
  const { set, get, reply } = await play("control", { made: serial({ path: line.a }) });
  t.deepEqual([set.code, get.code], ["ERR_PORT_DISCONNECTED", "ERR_PORT_DISCONNECTED"]);
  t.is(reply, "hello");
  await server.close();
  await line.close();
});

test.serial("a server asks keepRunning() ten times a second", async (t) => {
  const line = await openVirtualLine();
  const made = { framing: "WithTerminator", options: { path: line.b } };
  const { asked, ms, told, isClosed } = await play("serveLine", { made, timesToRun: 5 });
  t.is(asked, 5);
  t.true(ms >= 400, `${ms}`);
  t.deepEqual(told, ["start", "close"]);
  t.true(isClosed);
  const inTime = await play("serveLine", { made, timeoutMs: 300 });
  t.true(inTime.ms >= 300);
  t.true(inTime.isClosed);
  await line.close();
});

test.serial(
  "a server that is unplugged in mid-message tells so; between two messages it has come to its end",
  async (t) => {
    for (const rest of ["half", ""]) {
      const line = await openVirtualLine();
      const made = { framing: "WithTerminator", options: { path: line.b } };
      await using apart = new Apart("serveLine", { made });
      await apart.says("serving");
      {
        await using raw = rawLine(line.a);
        raw.socket.write(`one\r\n${rest}`);
        await raw.until("one\r\n");
        await line.hangUp("b");
      }
      const { seen, faults, isClosed } = await apart.result;
      t.deepEqual(seen, ["one"]);
      t.true(isClosed);
      if (rest === "") t.deepEqual(faults, []);
      else t.true(["ERR_PORT_DISCONNECTED", "ERR_FRAME_TRUNCATED"].includes(faults[0] ?? ""), faults.join());
      await line.close();
    }
  },
);

test.serial("noise is told to onError, and after silence the next message is answered", async (t) => {
  const line = await openVirtualLine();
  const made = { framing: "WithReadWrite", options: { path: line.b, interByteTimeoutMs: 150 } };
  await using apart = new Apart("serveLine", { made, timesToRun: 1000 });
  await apart.says("serving");
  await using raw = rawLine(line.a);
  raw.socket.write("noise");
  await apart.says("ERR_FRAME_BAD_LENGTH");
  // Silence is what is tested.
  await new Promise((resolve) => setTimeout(resolve, 500));
  raw.socket.write("4\r\nfine");
  await raw.until("4\r\nfine");
  await line.hangUp("b");
  const { seen, faults } = await apart.result;
  t.deepEqual(seen, ["fine"]);
  t.deepEqual(faults, ["ERR_FRAME_BAD_LENGTH"]);
  await line.close();
});

for (const hook of ["serverStart", "onAccept"] as const) {
  for (const how of ["close", "finish"] as const) {
    test.serial(`a server that is told to ${how} in ${hook}: nothing is served, and the port is free`, async (t) => {
      const line = await openVirtualLine();
      const options = { path: line.b };
      const { told, isClosed } = await play("stopEarly", { made: { framing: "WithTerminator", options }, hook, how });
      const names = ["serverStart", "onAccept", "onClose", "serverClose"];
      t.deepEqual(told, [names, names]);
      t.true(isClosed);
      await line.close();
    });
  }
}

test.serial("a hook of a server that returns a promise: ERR_ASYNC_HOOK, and the server stops", async (t) => {
  const line = await openVirtualLine();
  const made = { framing: "WithTerminator", options: { path: line.b } };
  await using apart = new Apart("serveLine", { made, isPromising: true });
  await apart.says("serving");
  await using raw = rawLine(line.a);
  raw.socket.write("one\r\n");
  const { faults, isClosed } = await apart.result;
  t.deepEqual(faults, ["ERR_ASYNC_HOOK"]);
  t.true(isClosed);
  await line.close();
});
