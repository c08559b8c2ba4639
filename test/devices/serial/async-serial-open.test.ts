import { execFile, execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { connectAsyncSerial } from "../../../src/devices/serial/async-serial.ts";
import type { SerialOptions } from "../../../src/devices/serial/serial.ts";
import { bindingFault } from "../../../src/devices/serial/binding-port.ts";
import { portOpenError } from "../../../src/devices/serial/serial-errors.ts";
import { serialSettings } from "../../../src/devices/serial/serial-settings.ts";
import { OpenError, OptionsError } from "../../../src/errors.ts";
import { openVirtualLine } from "../../support/virtual-line.ts";
import { Recorder } from "../../support/virtual-line-recorder.ts";

const never = (): AbortSignal => new AbortController().signal;

test("what is not a serial port is refused, by path and kind", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "serial-"));
  writeFileSync(join(folder, "file"), "");
  execFileSync("mkfifo", [join(folder, "fifo")]);
  const paths: [string, RegExp][] = [
    [join(folder, "file"), /a regular file/],
    [join(folder, "fifo"), /a FIFO/],
    [folder, /a directory/],
    ["/dev/null", /not a serial port/],
  ];
  for (const [path, message] of paths) {
    const error = await t.throwsAsync(connectAsyncSerial({ path })(never()), { instanceOf: OpenError, message });
    t.is(error?.code, "ERR_PORT_NOT_TTY");
    t.true(error?.message.includes(path));
  }
  rmSync(folder, { recursive: true });
});

test("a missing port is told with its path and cause", async (t) => {
  const error = await t.throwsAsync(connectAsyncSerial({ path: "/dev/no-such-port" })(never()), {
    instanceOf: OpenError,
  });
  t.is(error?.code, "ERR_PORT_NOT_FOUND");
  t.is(error?.outcome, "not-sent");
  t.regex(error?.message ?? "", /\/dev\/no-such-port.*listSerialPorts/);
  t.true(error?.cause instanceof Error);
});

test.serial("a locked port is in use, and stays good for who has it", async (t) => {
  const line = await openVirtualLine();
  const [first, other] = [
    await connectAsyncSerial({ path: line.a })(never()),
    await connectAsyncSerial({ path: line.b })(never()),
  ];
  await t.throwsAsync(connectAsyncSerial({ path: line.a })(never()), { code: "ERR_PORT_IN_USE" });
  const [atFirst, atOther] = [new Recorder(first), new Recorder(other)];
  first.write([Buffer.from("mine")]);
  await atOther.received(4);
  const count = process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0;
  await t.throwsAsync(connectAsyncSerial({ path: line.a })(never()), { code: "ERR_PORT_IN_USE" });
  if (process.platform === "linux") t.is(readdirSync("/proc/self/fd").length, count);
  first.destroy();
  other.destroy();
  await Promise.all([atFirst.closing(), atOther.closing()]);
  await line.close();
});

/** Prints with which code opening the second path fails for a user who may open nothing. */
const withoutPermission = `
const { connectAsyncSerial } = await import(process.argv[1]);
const codeOf = (path) =>
  connectAsyncSerial({ path })(new AbortController().signal).then(
    () => "opened",
    (error) => error.code,
  );
// Everything that opening needs is loaded while the files of the package may be read: they can be below a folder of root.
await codeOf("/dev/no-such-port");
if (process.getuid() === 0) process.setuid(65534);
console.log(await codeOf(process.argv[2]));`;

test("a port that the user may not open is told as such", async (t) => {
  const line = await openVirtualLine();
  chmodSync(line.a, 0);
  const module = new URL("../../../src/devices/serial/async-serial.js", import.meta.url).href;
  const args = ["--input-type=module", "-e", withoutPermission, module, line.a];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  t.is(stdout.trim(), "ERR_PORT_PERMISSION");
  await line.close();
});

test("bad options are named with their value before anything is opened, also to callers without types", async (t) => {
  const bad: [object, RegExp][] = [
    [{}, /"path" is undefined/],
    [{ path: "" }, /"path" is ''/],
    [{ path: "/dev/tty\0S0" }, /"path"/],
    [{ path: 3 }, /"path" is 3/],
    [{ baudRate: 0 }, /"baudRate" is 0/],
    [{ baudRate: "9600" }, /"baudRate" is '9600'/],
    [{ baudRate: 1.5 }, /"baudRate" is 1.5/],
    [{ dataBits: 9 }, /"dataBits" is 9/],
    [{ stopBits: "1" }, /"stopBits" is '1'/],
    [{ parity: "odd?" }, /"parity" is 'odd\?'/],
    [{ rtscts: 1 }, /"rtscts" is 1/],
    [{ lock: "yes" }, /"lock" is 'yes'/],
    [{ interByteTimeoutMs: -1 }, /"interByteTimeoutMs" is -1/],
  ];
  for (const [wrong, message] of bad) {
    const options = (
      "path" in wrong || Object.keys(wrong).length === 0 ? wrong : { path: "/dev/x", ...wrong }
    ) as SerialOptions;
    t.throws(() => connectAsyncSerial(options), {
      instanceOf: OptionsError,
      code: "ERR_OPTIONS",
      message,
    });
  }
  t.throws(() => connectAsyncSerial(undefined as never), { instanceOf: OptionsError });
});

test("settings that the system does not know are bad options", async (t) => {
  const line = await openVirtualLine();
  for (const setting of [{ stopBits: 1.5 }, { dtr: false }, { rts: true }, { rs485: {} }] as const) {
    const message = new RegExp(`"${Object.keys(setting)[0]}" is`);
    await t.throwsAsync(connectAsyncSerial({ path: line.a, ...setting })(never()), { code: "ERR_OPTIONS", message });
  }
  const transport = await connectAsyncSerial({ path: line.a, baudRate: 115_200, parity: "even", stopBits: 2 })(never());
  transport.destroy();
  await new Recorder(transport).closing();
  await line.close();
});

test("every fault that the system reports has its code and advice, whatever its text", (t) => {
  const faults: [string, string, RegExp][] = [
    ["ENOENT", "ERR_PORT_NOT_FOUND", /plug the device in/],
    ["ENXIO", "ERR_PORT_NOT_FOUND", /no device behind it/],
    ["ENODEV", "ERR_PORT_NOT_FOUND", /no device behind it/],
    ["EIO", "ERR_PORT_NOT_FOUND", /no device behind it/],
    ["EACCES", "ERR_PORT_PERMISSION", /group/],
    ["EPERM", "ERR_PORT_PERMISSION", /container.*DeviceAllow/],
    ["ERR_ACCESS_DENIED", "ERR_PORT_PERMISSION", /permission model/],
    ["EBUSY", "ERR_PORT_IN_USE", /in use/],
    ["ENOTTY", "ERR_PORT_NOT_TTY", /not a serial port/],
    ["EMFILE", "ERR_PORT_FAILED", /see the cause/],
  ];
  for (const [code, expected, advice] of faults) {
    const cause = Object.assign(new Error("Ressource belegt"), { code });
    const error = portOpenError("/dev/ttyX9", cause);
    t.is(error.code, expected as never);
    t.regex(error.message, advice);
    t.is(error.outcome, "not-sent");
    t.is(error.cause, cause);
  }
  t.is(portOpenError("/dev/ttyX9", "odd").code, "ERR_PORT_FAILED");
});

test("a port that the kernel has and /dev does not is told apart", (t) => {
  // The consoles are terminals of every Linux.
  const missing = Object.assign(new Error("ENOENT"), { code: "ENOENT" });
  t.regex(portOpenError("/dev/ttyX9", missing).message, /listSerialPorts/);
  if (process.platform === "linux") t.regex(portOpenError("/dev/console", missing).message, /not in \/dev here/);
});

test("what the binding says has the codes of the system", (t) => {
  const settings = serialSettings({ path: "COM3" });
  const words: [string, string][] = [
    ["Opening COM3: File not found", "ERR_PORT_NOT_FOUND"],
    ["Opening COM3: Access denied", "ERR_PORT_IN_USE"],
    ["Opening COM3: Unknown error code 32", "ERR_PORT_IN_USE"],
    ["Error Resource temporarily unavailable Cannot lock port", "ERR_PORT_IN_USE"],
    ["Error: Datei nicht gefunden, cannot open COM3", "ERR_PORT_FAILED"],
    ["Error baud rate of -1 is not supported on your platform", "ERR_OPTIONS"],
    ["Error: Invalid argument || while setting custom baud rate of 13", "ERR_OPTIONS"],
    ["Invalid data bits setting 3", "ERR_OPTIONS"],
  ];
  for (const [text, code] of words)
    t.is(portOpenError("COM3", bindingFault(settings, new Error(text))).code, code as never);
});

test("an aborted open rejects with the reason and gives the port back", async (t) => {
  const line = await openVirtualLine();
  await t.throwsAsync(connectAsyncSerial({ path: line.a })(AbortSignal.abort(new Error("before"))), {
    message: "before",
  });
  const controller = new AbortController();
  const opening = connectAsyncSerial({ path: line.a })(controller.signal);
  controller.abort(new Error("meanwhile"));
  await t.throwsAsync(opening, { message: "meanwhile" });
  // The late port is let go of by itself; until then the path is in use.
  let transport;
  while (transport === undefined) {
    transport = await connectAsyncSerial({ path: line.a })(never()).catch((error: unknown) => {
      if (!OpenError.is(error) || error.code !== "ERR_PORT_IN_USE") throw error;
    });
  }
  transport.destroy();
  await new Recorder(transport).closing();
  const failing = new AbortController();
  const missing = connectAsyncSerial({ path: "/dev/no-such-port" })(failing.signal);
  failing.abort(new Error("first"));
  await t.throwsAsync(missing, { message: "first" });
  await line.close();
});
