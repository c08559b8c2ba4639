/** What programs that share a port do to each other: as little as possible. */
import { closeSync, constants, openSync } from "node:fs";
import test, { type ExecutionContext } from "ava";
import { AsyncPersistentSerialWithTerminator, AsyncSerialClientWithTerminator } from "../../generated/index.ts";
import { connectBlockingSerial } from "../../src/devices/blocking-serial.ts";
import { TERMIOS } from "../../src/system/terminal-constants.ts";
import { lockExclusively, terminalSettings } from "../../src/system/terminal.ts";
import { rawLine } from "../support/channel-raw-line.ts";
import { held } from "../support/channel-leaks.ts";
import { openVirtualLine } from "../support/virtual-line.ts";
import { hasInput } from "../support/virtual-line-pty.ts";

function watcher(t: ExecutionContext, path: string): number {
  const fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  t.teardown(() => closeSync(fd));
  return fd;
}

/** Options that differ from the defaults wherever they can. */
const OTHER = { baudRate: 250_000, stopBits: 2, rtscts: true, xon: true, xoff: true, hupcl: false } as const;

test("an open that is refused has changed nothing on the port, in both modes", async (t) => {
  const line = await openVirtualLine();
  const fd = watcher(t, line.a);
  const owner = new AsyncPersistentSerialWithTerminator({ path: line.a });
  await owner.connect();
  const before = terminalSettings(fd);
  const rival = new AsyncSerialClientWithTerminator({ path: line.a, ...OTHER });
  await t.throwsAsync(rival.connect(), { code: "ERR_PORT_IN_USE" });
  const open = connectBlockingSerial({ path: line.a, ...OTHER });
  t.throws(() => open(), { code: "ERR_PORT_IN_USE" });
  t.deepEqual(terminalSettings(fd), before);
  await owner.close();
  await line.close();
});

test("an open that fails for a setting that the driver does not have has changed nothing, and leaves no lock", async (t) => {
  const line = await openVirtualLine();
  const fd = watcher(t, line.a);
  const before = terminalSettings(fd);
  for (const impossible of [{ dtr: false }, { rs485: { delayBeforeSendMs: 1 } }, { stopBits: 1.5 }] as const) {
    const options = { path: line.a, ...OTHER, rtscts: false, ...impossible };
    await t.throwsAsync(new AsyncSerialClientWithTerminator(options).connect(), { code: "ERR_OPTIONS" });
    const open = connectBlockingSerial(options);
    t.throws(() => open(), { code: "ERR_OPTIONS" });
    t.deepEqual(terminalSettings(fd), before);
  }
  t.true(lockExclusively(fd));
  await line.close();
});

test("hupcl, rtscts and parity are set as they are given, and cleared again", async (t) => {
  const line = await openVirtualLine();
  const fd = watcher(t, line.a);
  const flags = async (options: object): Promise<number> => {
    await using channel = new AsyncPersistentSerialWithTerminator({ path: line.a, ...options });
    await channel.connect();
    return terminalSettings(fd)[2] ?? 0;
  };
  const { HUPCL, CRTSCTS, CMSPAR } = TERMIOS;
  for (const [options, mask] of [
    [{ hupcl: true }, HUPCL],
    [{ rtscts: true }, CRTSCTS],
    [{ parity: "mark" }, CMSPAR],
  ] as const) {
    t.not((await flags(options)) & mask, 0);
    const cleared = Object.fromEntries(Object.keys(options).map((name) => [name, name === "parity" ? "none" : false]));
    t.is((await flags(cleared)) & mask, 0, JSON.stringify(cleared));
  }
  await line.close();
});

for (const baudRate of [9600, 31_250, 74_880, 250_000]) {
  test(`what came before the open does not answer the first request, at ${baudRate} baud`, async (t) => {
    const line = await openVirtualLine();
    await using raw = rawLine(line.b);
    const fd = watcher(t, line.a);
    raw.socket.write("stale\r\n");
    // Somebody sees that it has come, and leaves it there.
    while (!hasInput(fd)) await new Promise((resolve) => setImmediate(resolve));
    const client = new AsyncSerialClientWithTerminator({ path: line.a, baudRate, keepAlive: true });
    const call = client.clientCommunicate("request");
    await raw.until("request\r\n");
    raw.socket.write("reply\r\n");
    t.is(String(await call), "reply");
    await client.close();
    await line.close();
  });
}

/** The handles of libuv, also those that keep nothing alive, and open terminals. */
function handles(): string[] {
  const { libuv } = process.report.getReport() as { libuv: readonly { type: string }[] };
  return [...libuv.map(({ type }) => type), ...held()].filter((name) => /^(?:tty|poll)$|^\/dev/.test(name)).toSorted();
}

test.serial("opening and closing a port thirty times leaves no handle and no descriptor", async (t) => {
  const line = await openVirtualLine();
  const open = async (): Promise<void> => {
    const channel = new AsyncPersistentSerialWithTerminator({ path: line.a });
    await channel.connect();
    await channel.close();
  };
  await open();
  const before = handles();
  for (let time = 0; time < 30; time++) await open();
  t.deepEqual(handles(), before);
  await line.close();
});
