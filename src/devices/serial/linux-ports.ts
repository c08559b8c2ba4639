import { promises as fs } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { SerialPortInfo } from "./serial-ports.ts";

/** Where Linux shows its devices. Others than these are for tests. */
export interface LinuxRoots {
  readonly sys: string;
  readonly dev: string;
}

const LINUX_ROOTS: LinuxRoots = { sys: "/sys", dev: "/dev" };

/** The attributes of a USB device, by the names of their files. */
const USB_ATTRIBUTES = {
  idVendor: "vendorId",
  idProduct: "productId",
  manufacturer: "manufacturer",
  product: "product",
  serial: "serialNumber",
} as const satisfies Readonly<Record<string, keyof SerialPortInfo>>;

/** Ports without a device above them that are ports all the same: Bluetooth, and this machine as a USB device. */
const WITHOUT_DEVICE = /^(?:rfcomm|ttyGS)\d+$/;
/** What a 8250 driver says of a port that it has a place for, but no chip. */
const NO_CHIP = "0";

/**
 * Lists the serial ports that the kernel has, sorted by path.
 *
 * @throws an error of the system if it does not show them.
 */
export async function listLinuxPorts(roots: LinuxRoots = LINUX_ROOTS): Promise<SerialPortInfo[]> {
  const folder = join(roots.sys, "class/tty");
  const names = (await fs.readdir(folder)).toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const stableNames = await linksIn(join(roots.dev, "serial/by-id"));
  const ports = await Promise.all(names.map((name) => describe(join(folder, name), roots.dev, stableNames)));
  return ports.filter((port) => port !== undefined);
}

async function describe(
  folder: string,
  dev: string,
  stableNames: ReadonlyMap<string, string>,
): Promise<SerialPortInfo | undefined> {
  const device = await realPath(join(folder, "device"));
  if (device === undefined && !WITHOUT_DEVICE.test(basename(folder))) return undefined;
  if ((await textIn(join(folder, "type"))) === NO_CHIP) return undefined;
  const node = /^DEVNAME=(.+)$/m.exec((await textIn(join(folder, "uevent"))) ?? "")?.[1] ?? basename(folder);
  const path = join(dev, node);
  const byIdPath = stableNames.get(path);
  return {
    path,
    ...(byIdPath !== undefined && { byIdPath, pnpId: basename(byIdPath) }),
    ...(device !== undefined && { ...(await driverOf(device)), ...(await usbDetails(device)) }),
  };
}

/** The driver of a device. What newer kernels put between a port and its chip is passed over. */
async function driverOf(device: string): Promise<Partial<SerialPortInfo>> {
  let folder = device;
  while (basename((await realPath(join(folder, "subsystem"))) ?? "") === "serial-base") folder = dirname(folder);
  const driver = await realPath(join(folder, "driver"));
  return driver === undefined ? {} : { driver: basename(driver) };
}

/** What the USB device says that a port belongs to, if it does. */
async function usbDetails(device: string): Promise<Partial<SerialPortInfo>> {
  for (let folder = device; folder !== dirname(folder); folder = dirname(folder)) {
    if ((await textIn(join(folder, "idVendor"))) === undefined) continue;
    const details: Record<string, string> = { locationId: basename(folder) };
    for (const [file, name] of Object.entries(USB_ATTRIBUTES)) {
      const text = await textIn(join(folder, file));
      if (text !== undefined && text !== "") details[name] = text;
    }
    return details;
  }
  return {};
}

/** The links in a folder, by what they lead to. There is no such folder where there is no USB port, or no udev. */
async function linksIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const links = new Map<string, string>();
  for (const name of (await unlessAbsent(fs.readdir(folder))) ?? []) {
    const target = await realPath(join(folder, name));
    if (target !== undefined) links.set(target, join(folder, name));
  }
  return links;
}

/** What a path leads to; `undefined` if there is nothing. */
async function realPath(path: string): Promise<string | undefined> {
  return await unlessAbsent(fs.realpath(path));
}

/** The text of an attribute, in UTF-8; `undefined` if there is none. */
async function textIn(file: string): Promise<string | undefined> {
  return (await unlessAbsent(fs.readFile(file, "utf8")))?.replace(/\n+$/, "");
}

/** What the system answers of a device that was unplugged meanwhile, and of an attribute that is not for this user. */
const ABSENT = new Set(["ENOENT", "ENOTDIR", "ENODEV", "ENXIO", "EIO", "EACCES"]);

/** What is read; `undefined` if it is not there. Any other failure is one of the whole list, which must not look complete. */
async function unlessAbsent<Value>(reading: Promise<Value>): Promise<Value | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (ABSENT.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
