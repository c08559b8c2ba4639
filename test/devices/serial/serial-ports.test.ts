/** The list of serial ports, read from a tree of devices as the kernel of Linux shows it. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { listLinuxPorts } from "../../../src/devices/serial/linux-ports.ts";
import { listSerialPorts } from "../../../src/devices/serial/serial-ports.ts";

const USB = "devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1.4";

/** A tree of files, and of links, whose targets begin with `->`. */
type Tree = Readonly<Record<string, string>>;

async function rootsWith(t: ExecutionContext, tree: Tree): Promise<{ sys: string; dev: string }> {
  const root = await mkdtemp(join(tmpdir(), "plib-io-ports-"));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  for (const folder of ["sys", "dev"]) await mkdir(join(root, folder));
  for (const [path, content] of Object.entries(tree)) {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    if (content.startsWith("->")) await symlink(join(root, content.slice(2)), file);
    else await writeFile(file, content);
  }
  return { sys: join(root, "sys"), dev: join(root, "dev") };
}

const adapter: Tree = {
  [`sys/${USB}/idVendor`]: "0403\n",
  [`sys/${USB}/idProduct`]: "6001\n",
  [`sys/${USB}/manufacturer`]: "Bäcker & Söhne\n",
  [`sys/${USB}/product`]: "串口适配器\n",
  [`sys/${USB}/serial`]: "A5069RR4\n",
  [`sys/${USB}/1-1.4:1.0/ttyUSB0/tty/ttyUSB0/uevent`]: "MAJOR=188\nMINOR=0\nDEVNAME=ttyUSB0\n",
  [`sys/${USB}/1-1.4:1.0/ttyUSB0/driver`]: "->sys/bus/usb-serial/drivers/ftdi_sio",
  [`sys/${USB}/1-1.4:1.0/ttyUSB0/tty/ttyUSB0/device`]: `->sys/${USB}/1-1.4:1.0/ttyUSB0`,
  "sys/bus/usb-serial/drivers/ftdi_sio/bind": "",
  "sys/class/tty/ttyUSB0": `->sys/${USB}/1-1.4:1.0/ttyUSB0/tty/ttyUSB0`,
};

test("a USB adapter: its maker, product and number in UTF-8, its driver, its place and its stable path", async (t) => {
  const roots = await rootsWith(t, {
    ...adapter,
    "dev/ttyUSB0": "",
    "dev/serial/by-id/usb-FTDI_A5069RR4-if00-port0": "->dev/ttyUSB0",
    "dev/serial/by-id/usb-gone": "->dev/ttyUSB9",
  });
  const byIdPath = join(roots.dev, "serial/by-id/usb-FTDI_A5069RR4-if00-port0");
  t.deepEqual(await listLinuxPorts(roots), [
    {
      path: join(roots.dev, "ttyUSB0"),
      byIdPath,
      pnpId: "usb-FTDI_A5069RR4-if00-port0",
      driver: "ftdi_sio",
      locationId: "1-1.4",
      vendorId: "0403",
      productId: "6001",
      manufacturer: "Bäcker & Söhne",
      product: "串口适配器",
      serialNumber: "A5069RR4",
    },
  ]);
});

test("a port is listed where /dev does not show it, as in a container", async (t) => {
  const roots = await rootsWith(t, adapter);
  const [port] = await listLinuxPorts(roots);
  t.is(port?.path, join(roots.dev, "ttyUSB0"));
  t.is(port?.serialNumber, "A5069RR4");
});

test("consoles and ports without a chip are left out; ports are in the order of their numbers", async (t) => {
  const port = (name: string, type: string): Tree => ({
    [`sys/devices/pnp0/${name}/tty/${name}/type`]: `${type}\n`,
    [`sys/devices/pnp0/${name}/tty/${name}/device`]: `->sys/devices/pnp0/${name}`,
    [`sys/devices/pnp0/${name}/subsystem`]: "->sys/bus/serial-base",
    [`sys/devices/pnp0/${name}/driver`]: "->sys/bus/serial-base/drivers/port",
    [`sys/class/tty/${name}`]: `->sys/devices/pnp0/${name}/tty/${name}`,
  });
  const roots = await rootsWith(t, {
    ...port("ttyS10", "4"),
    ...port("ttyS2", "4"),
    ...port("ttyS1", "0"),
    "sys/devices/pnp0/driver": "->sys/bus/pnp/drivers/serial",
    "sys/bus/pnp/drivers/serial/bind": "",
    "sys/bus/serial-base/drivers/port/bind": "",
    "sys/devices/virtual/tty/tty0/uevent": "DEVNAME=tty0\n",
    "sys/class/tty/tty0": "->sys/devices/virtual/tty/tty0",
    "sys/devices/virtual/tty/rfcomm0/uevent": "DEVNAME=rfcomm0\n",
    "sys/class/tty/rfcomm0": "->sys/devices/virtual/tty/rfcomm0",
  });
  const ports = await listLinuxPorts(roots);
  t.deepEqual(
    ports.map(({ path, driver }) => [path, driver]),
    [
      [join(roots.dev, "rfcomm0"), undefined],
      [join(roots.dev, "ttyS2"), "serial"],
      [join(roots.dev, "ttyS10"), "serial"],
    ],
  );
});

test("no port is an empty list, and a system that shows none is an error", async (t) => {
  const empty = await rootsWith(t, { "sys/class/tty/.keep/uevent": "" });
  t.deepEqual(await listLinuxPorts(empty), []);
  await t.throwsAsync(listLinuxPorts(await rootsWith(t, {})), { code: "ENOENT" });
  const circle = await rootsWith(t, { ...adapter, "sys/class/tty/ttyS0/device": "->sys/class/tty/ttyS0/device" });
  await t.throwsAsync(listLinuxPorts(circle), { code: "ELOOP" }, "what cannot be read is not left out");
});

test("the ports of this machine are listed, without a program to help", async (t) => {
  const { PATH } = process.env;
  process.env["PATH"] = "";
  try {
    const ports = await listSerialPorts();
    t.true(ports.every(({ path }) => path !== ""));
    t.true(ports.every((port) => Object.values(port).every((detail) => typeof detail === "string")));
  } finally {
    if (PATH !== undefined) process.env["PATH"] = PATH;
  }
});
