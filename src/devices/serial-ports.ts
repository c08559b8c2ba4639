import { OpenError } from "../errors.ts";
import { textOf } from "./serial-errors.ts";

/** A serial port of this machine. What the system does not know is left out. */
export interface SerialPortInfo {
  /** What to give as the option `path`: `/dev/ttyUSB0`, `COM3`. */
  readonly path: string;
  /** Who made the device or its driver. */
  readonly manufacturer?: string;
  /** The serial number of a USB device. */
  readonly serialNumber?: string;
  /** The plug-and-play identifier. Differs from system to system. */
  readonly pnpId?: string;
  /** Where the device is plugged in. Differs from system to system. */
  readonly locationId?: string;
  /** The product identifier of a USB device, in hexadecimal. */
  readonly productId?: string;
  /** The vendor identifier of a USB device, in hexadecimal. */
  readonly vendorId?: string;
}

const DETAILS = ["manufacturer", "serialNumber", "pnpId", "locationId", "productId", "vendorId"] as const;

/**
 * Lists the serial ports of this machine. Loads `serialport` and its native addon. Pseudo-terminals are not listed.
 *
 * @throws OpenError `ERR_PORT_FAILED` if the system does not tell (on Linux, `udevadm` is asked).
 *
 * @example
 * for (const { path, manufacturer } of await listSerialPorts()) console.log(path, manufacturer ?? "");
 */
export async function listSerialPorts(): Promise<SerialPortInfo[]> {
  try {
    const { SerialPort } = await import("serialport");
    const ports = await SerialPort.binding.list();
    return ports.map(({ path, ...known }) => {
      const details = DETAILS.filter((name) => known[name] !== undefined).map((name) => [name, known[name]]);
      return { path, ...Object.fromEntries(details) };
    });
  } catch (cause) {
    const message = `the serial ports could not be listed: give the path of the port itself (${textOf(cause)})`;
    throw new OpenError("ERR_PORT_FAILED", message, { cause });
  }
}
