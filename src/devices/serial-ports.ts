import { OpenError } from "../errors.ts";
import { textOf } from "./serial-errors.ts";

/** What `serialport` knows of a port. */
type PortInfo = { readonly path: string } & Readonly<Record<Exclude<keyof SerialPortInfo, "path">, string | undefined>>;

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
    return ports.map(infoOf);
  } catch (cause) {
    const message = `the serial ports could not be listed: give the path of the port itself (${textOf(cause)})`;
    throw new OpenError("ERR_PORT_FAILED", message, { cause });
  }
}

function infoOf(port: PortInfo): SerialPortInfo {
  const { path, manufacturer, serialNumber, pnpId, locationId, productId, vendorId } = port;
  return {
    path,
    ...(manufacturer !== undefined && { manufacturer }),
    ...(serialNumber !== undefined && { serialNumber }),
    ...(pnpId !== undefined && { pnpId }),
    ...(locationId !== undefined && { locationId }),
    ...(productId !== undefined && { productId }),
    ...(vendorId !== undefined && { vendorId }),
  };
}
