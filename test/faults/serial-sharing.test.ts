/** What programs that share a port do to each other: as little as possible. */
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import test, { type ExecutionContext } from "ava";
import {
  AsyncPersistentSerialWithTerminator,
  AsyncSerialClientWithTerminator,
  BlockingSerialClientWithTerminator,
} from "../../generated/index.ts";
import type { SerialOptions } from "../../src/devices/serial/serial.ts";
import { held } from "../support/channel-leaks.ts";
import { rawLine } from "../support/channel-raw-line.ts";
import { isOverBinding, unlessBinding } from "../support/serial-implementation.ts";
import { openVirtualLine, type VirtualLine } from "../support/virtual-line.ts";
import { hasInput } from "../support/virtual-line-pty.ts";

/** Options that differ from the defaults wherever they can. */
const OTHER = { baudRate: 19_200, stopBits: 2, rtscts: true, xon: true, xoff: true, hupcl: false } as const;

/** Opens a port in each mode that there is, and closes it. */
const openings: readonly ((options: SerialOptions) => Promise<void>)[] = [
  async (options) => {
    const client = new AsyncSerialClientWithTerminator(options);
    await client.connect();
    await client.close();
  },
  ...(isOverBinding
    ? []
    : [
        async (options: SerialOptions) => {
          const client = new BlockingSerialClientWithTerminator(options);
          client.connect();
          client.close();
        },
      ]),
];

async function lineOf(t: ExecutionContext): Promise<VirtualLine> {
  const line = await openVirtualLine();
  t.teardown(() => line.close());
  return line;
}

/** The settings of a port, as the system's own program shows them. */
function settingsOf(path: string): string {
  return execFileSync("stty", [process.platform === "linux" ? "-F" : "-f", path, "-a"], { encoding: "utf8" });
}

async function opened(options: SerialOptions): Promise<AsyncPersistentSerialWithTerminator> {
  const channel = new AsyncPersistentSerialWithTerminator(options);
  await channel.connect();
  return channel;
}

unlessBinding("it configures a port before it locks it")(
  "an open that is refused has changed nothing on the port",
  async (t) => {
    const line = await lineOf(t);
    const owner = await opened({ path: line.a });
    t.teardown(() => owner.close());
    const before = settingsOf(line.a);
    for (const open of openings) await t.throwsAsync(open({ path: line.a, ...OTHER }), { code: "ERR_PORT_IN_USE" });
    t.is(settingsOf(line.a), before);
  },
);

unlessBinding("it sets the options one by one, and keeps those that it has set")(
  "an open that fails for a setting that the driver does not have has changed nothing, and leaves no lock",
  async (t) => {
    const line = await lineOf(t);
    const before = settingsOf(line.a);
    for (const impossible of [{ dtr: false }, { rts: true }, { rs485: { delayBeforeSendMs: 1 } }, { stopBits: 1.5 }]) {
      const options = { path: line.a, ...OTHER, rtscts: false, ...impossible } as SerialOptions;
      for (const open of openings) {
        await t.throwsAsync(open(options), { code: "ERR_OPTIONS" });
        t.is(settingsOf(line.a), before);
      }
    }
    for (const open of openings) await t.notThrowsAsync(open({ path: line.a }));
  },
);

test.serial("rtscts and flow control by characters are set as they are given, and cleared again", async (t) => {
  const line = await lineOf(t);
  for (const isOn of [true, false, true, false]) {
    const channel = await opened({ path: line.a, rtscts: isOn, xon: isOn, xoff: isOn, xany: isOn });
    const settings = settingsOf(line.a);
    for (const name of ["crtscts", "ixon", "ixoff", "ixany"])
      t.regex(settings, new RegExp(`[ \n]${isOn ? "" : "-"}${name}\\b`));
    await channel.close();
  }
});

for (const [options, name, fault] of [
  [{ hupcl: true }, "hupcl", "it never clears HUPCL"],
  [{ parity: "mark" }, "cmspar", "it knows neither mark nor space parity"],
] as const) {
  unlessBinding(fault)(`${Object.keys(options).join()} is set as it is given, and cleared again`, async (t) => {
    const line = await lineOf(t);
    const cleared = "hupcl" in options ? { hupcl: false } : { parity: "none" as const };
    for (const [given, sign] of [
      [options, ""],
      [cleared, "-"],
    ] as const) {
      const channel = await opened({ path: line.a, ...given });
      const settings = settingsOf(line.a);
      await channel.close();
      t.regex(settings, new RegExp(`[ \n]${sign}${name}\\b`));
    }
  });
}

for (const baudRate of [9600, 31_250, 74_880, 250_000]) {
  const fault = "it drops nothing at speeds without a name";
  const register: ReturnType<typeof unlessBinding> = baudRate === 9600 ? test.serial : unlessBinding(fault);
  register(`what came before the open does not answer the first request, at ${baudRate} baud`, async (t) => {
    const line = await lineOf(t);
    const raw = rawLine(line.b);
    t.teardown(() => raw[Symbol.asyncDispose]());
    const fd = openSync(line.a, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    t.teardown(() => closeSync(fd));
    raw.socket.write("stale\r\n");
    // Somebody sees that it has come, and leaves it there.
    while (!hasInput(fd)) await new Promise((resolve) => setImmediate(resolve));
    const client = new AsyncSerialClientWithTerminator({ path: line.a, baudRate, keepAlive: true });
    t.teardown(() => client.close());
    const call = client.clientCommunicate("request");
    await raw.until("request\r\n");
    raw.socket.write("reply\r\n");
    t.is(String(await call), "reply");
  });
}

unlessBinding("it leaves a handle with each open")(
  "opening and closing a port thirty times leaves no handle and no descriptor",
  async (t) => {
    const line = await lineOf(t);
    const open = async (): Promise<void> => await (await opened({ path: line.a })).close();
    await open();
    const before = handles();
    for (let time = 0; time < 30; time++) await open();
    t.deepEqual(handles(), before);
  },
);

/** The handles of libuv, also those that keep nothing alive, and open terminals. */
function handles(): string[] {
  const { libuv } = process.report.getReport() as { libuv: readonly { type: string }[] };
  return [...libuv.map(({ type }) => type), ...held()].filter((name) => /^(?:tty|poll)$|^\/dev/.test(name)).toSorted();
}
