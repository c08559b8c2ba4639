/** Terminals through the system's own calls: settings, locks, queues, control lines. */
import { closeSync, constants, openSync } from "node:fs";
import test, { type ExecutionContext } from "ava";
import { TERMIOS } from "../../src/system/terminal-constants.ts";
import {
  baudRateOf,
  type TerminalSettings,
  unmetSetting,
  withBaudRate,
  withSettings,
} from "../../src/system/terminal-settings.ts";
import {
  dropInput,
  inputLines,
  isPseudoTerminal,
  isTerminal,
  lockExclusively,
  rawRs485,
  rs485Settings,
  setOutputLines,
  setTerminalSettings,
  terminalSettings,
  unsentBytes,
} from "../../src/system/terminal.ts";
import { hasHungUp, waitReadable } from "../../src/system/descriptors.ts";
import { readSome } from "../../src/system/terminal-bytes.ts";
import { openVirtualLine } from "../support/virtual-line.ts";
import { rawLine } from "../support/channel-raw-line.ts";

const PLAIN: TerminalSettings = {
  baudRate: 9600,
  dataBits: 8,
  parity: "none",
  stopBits: 1,
  rtscts: false,
  xon: false,
  xoff: false,
  xany: false,
  hupcl: true,
};

function opened(t: ExecutionContext, path: string): number {
  const fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  t.teardown(() => closeSync(fd));
  return fd;
}

/** The control flags that the settings come to, over those that were set before. */
const flagsOf = (settings: Partial<TerminalSettings>, before = 0): number =>
  withSettings(Uint32Array.of(0, 0, before, 0, 0, 0, 0, 0, 0, 0, 0), { ...PLAIN, ...settings })[2] ?? 0;

test("every setting is set, and cleared again", (t) => {
  const { CMSPAR, CRTSCTS, HUPCL, PARENB, PARODD, CSTOPB, CSIZE, CS7 } = TERMIOS;
  const all = 0xff_ff_ff_ff;
  const parity = PARENB | PARODD | CMSPAR;
  const masked = (flags: number, mask: number): number => (flags & mask) >>> 0;
  t.is(masked(flagsOf({ parity: "none" }, all), parity), 0);
  t.is(masked(flagsOf({ parity: "even" }, all), parity), PARENB);
  t.is(masked(flagsOf({ parity: "odd" }, all), parity), PARENB | PARODD);
  t.is(masked(flagsOf({ parity: "mark" }, 0), parity), PARENB | PARODD | CMSPAR);
  t.is(masked(flagsOf({ parity: "space" }, all), parity), PARENB | CMSPAR);
  t.is(masked(flagsOf({ rtscts: true }, 0), CRTSCTS), CRTSCTS);
  t.is(masked(flagsOf({ rtscts: false }, all), CRTSCTS), 0);
  t.is(masked(flagsOf({ hupcl: true }, 0), HUPCL), HUPCL);
  t.is(masked(flagsOf({ hupcl: false }, all), HUPCL), 0);
  t.is(masked(flagsOf({ stopBits: 2 }, 0), CSTOPB), CSTOPB);
  t.is(masked(flagsOf({ stopBits: 1 }, all), CSTOPB), 0);
  t.is(masked(flagsOf({ dataBits: 7 }, all), CSIZE), CS7);
  t.is(masked(flagsOf({ dataBits: 5 }, all), CSIZE), 0);
});

test("a terminal is raw in every respect, whatever it was before", async (t) => {
  const line = await openVirtualLine();
  const fd = opened(t, line.a);
  const cooked = Uint32Array.from(terminalSettings(fd));
  cooked[0] = 0xff_ff;
  cooked[1] = 0xff;
  cooked[3] = 0xff_ff;
  setTerminalSettings(fd, cooked);
  setTerminalSettings(fd, withSettings(terminalSettings(fd), PLAIN));
  const raw = terminalSettings(fd);
  t.deepEqual([raw[0], raw[1], raw[3]], [0, 0, 0]);
  setTerminalSettings(fd, withSettings(raw, { ...PLAIN, xon: true, xoff: true, xany: true }));
  t.is(terminalSettings(fd)[0], TERMIOS.IXON | TERMIOS.IXOFF | TERMIOS.IXANY);
  await line.close();
});

test("any speed is set, with a code of its own where there is one", async (t) => {
  const line = await openVirtualLine();
  const fd = opened(t, line.a);
  const { BOTHER, CBAUD } = TERMIOS;
  const codes = { 50: 1, 9600: 13, 38_400: 15, 57_600: 0x10_01, 4_000_000: 0x10_0f } as Readonly<
    Record<number, number>
  >;
  for (const rate of [50, 9600, 31_250, 38_400, 57_600, 74_880, 250_000, 4_000_000, 12_345_678]) {
    setTerminalSettings(fd, withBaudRate(terminalSettings(fd), rate));
    t.is(baudRateOf(terminalSettings(fd)), rate);
    t.is((terminalSettings(fd)[2] ?? 0) & CBAUD, codes[rate] ?? BOTHER);
  }
  await line.close();
});

test("what a driver did not take is found, but for what a pseudo-terminal has no line for", (t) => {
  const none = new Uint32Array(11);
  const wanted = (settings: Partial<TerminalSettings>): Uint32Array => withSettings(none, { ...PLAIN, ...settings });
  t.is(unmetSetting(wanted({}), wanted({}), true), undefined);
  t.is(unmetSetting(wanted({ baudRate: 74_880 }), wanted({ baudRate: 75_000 }), true), undefined);
  t.is(unmetSetting(wanted({ baudRate: 74_880 }), wanted({ baudRate: 115_200 }), true), "baudRate");
  t.is(unmetSetting(wanted({ parity: "mark" }), wanted({ parity: "odd" }), true), "parity");
  t.is(unmetSetting(wanted({ parity: "mark" }), wanted({ parity: "odd" }), false), undefined);
  t.is(unmetSetting(wanted({ dataBits: 7 }), wanted({}), true), "dataBits");
  t.is(unmetSetting(wanted({ stopBits: 2 }), wanted({}), true), "stopBits");
  t.is(unmetSetting(wanted({ rtscts: true }), wanted({}), true), "rtscts");
});

test("a terminal is recognised, and locked once", async (t) => {
  const line = await openVirtualLine();
  const [first, second, none] = [opened(t, line.a), opened(t, line.a), opened(t, "/dev/null")];
  t.true(isTerminal(first));
  t.true(isPseudoTerminal(first));
  t.false(isTerminal(none));
  t.false(isPseudoTerminal(none));
  t.true(lockExclusively(first));
  t.true(lockExclusively(first));
  t.false(lockExclusively(second));
  t.throws(() => terminalSettings(none), { name: "SystemError", code: "ENOTTY" });
  await line.close();
});

test("what was received is dropped; a line that is gone differs from one without bytes", async (t) => {
  const line = await openVirtualLine();
  const fd = opened(t, line.a);
  {
    await using raw = rawLine(line.b);
    raw.socket.write("stale");
    t.true(waitReadable(fd, 10_000));
  }
  dropInput(fd);
  t.is(unsentBytes(fd), 0);
  t.is(readSome(fd), undefined);
  t.false(hasHungUp(fd));
  const settings = Uint32Array.from(terminalSettings(fd));
  new Uint8Array(settings.buffer)[17 + TERMIOS.VMIN] = 0;
  setTerminalSettings(fd, settings);
  t.is(readSome(fd)?.length, 0, "not an end, as somebody has set the terminal so");
  t.false(hasHungUp(fd));
  await line.hangUp("a");
  t.true(hasHungUp(fd));
  t.throws(() => unsentBytes(fd), { code: "EIO" });
  await line.close();
});

test("a pseudo-terminal has neither control lines nor RS-485", async (t) => {
  const line = await openVirtualLine();
  const fd = opened(t, line.a);
  for (const request of [
    () => inputLines(fd),
    () => setOutputLines(fd, { dtr: true }),
    () => setOutputLines(fd, { rts: false }),
    () => rs485Settings(fd),
  ])
    t.throws(request, { name: "SystemError", code: "ENOTTY" });
  t.notThrows(() => setOutputLines(fd, {}));
  await line.close();
});

test("RS-485 in the form that drivers take", (t) => {
  const settings = { delayBeforeSendMs: 2, delayAfterSendMs: 3, rtsOnSend: true, receiveDuringSend: true };
  t.deepEqual([...rawRs485(settings)], [0x13, 2, 3, 0, 0, 0, 0, 0]);
  t.deepEqual([...rawRs485({ ...settings, rtsOnSend: false, receiveDuringSend: false })], [0x05, 2, 3, 0, 0, 0, 0, 0]);
});
