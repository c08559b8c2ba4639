import { OpenError } from "../../errors.ts";
import { listLinuxPorts } from "./linux-ports.ts";
import { textOf } from "./serial-errors.ts";

/** What `serialport` knows of a port. */
type BindingPortInfo = Readonly<Partial<Record<keyof SerialPortInfo, string | undefined>>> & { readonly path: string };

/** A serial port of this machine. What the system does not know is left out. */
export interface SerialPortInfo {
  /** What to give as the option `path`: `/dev/ttyUSB0`, `COM3`. */
  readonly path: string;
  /**
   * A path of the same port that does not depend on the order in which devices were plugged in:
   * `/dev/serial/by-id/usb-FTDI_FT232R_A5069RR4-if00-port0`. Linux with udev only.
   */
  readonly byIdPath?: string;
  /** Who made the device or its driver. */
  readonly manufacturer?: string;
  /** What its maker calls the device. Linux only. */
  readonly product?: string;
  /** The serial number of a USB device. */
  readonly serialNumber?: string;
  /** The plug-and-play identifier. Differs from system to system; on Linux the last part of {@link SerialPortInfo.byIdPath}. */
  readonly pnpId?: string;
  /** Where the device is plugged in. Differs from system to system; on Linux bus and ports: `1-1.4`. */
  readonly locationId?: string;
  /** The product identifier of a USB device, in hexadecimal. */
  readonly productId?: string;
  /** The vendor identifier of a USB device, in hexadecimal. */
  readonly vendorId?: string;
  /** The driver of the port: `ftdi_sio`. Linux only. */
  readonly driver?: string;
}

const DETAILS = ["manufacturer", "serialNumber", "pnpId", "locationId", "productId", "vendorId"] as const;

/**
 * Lists the serial ports of this machine. Pseudo-terminals are not listed. Linux is asked directly; elsewhere this loads
 * `serialport` and its native addon.
 *
 * @throws OpenError `ERR_PORT_FAILED` if the system does not say. An empty list means that there is no port.
 *
 * @example
 * for (const { path, manufacturer } of await listSerialPorts()) console.log(path, manufacturer ?? "");
 */
export async function listSerialPorts(): Promise<SerialPortInfo[]> {
  try {
    if (process.platform === "linux") return await listLinuxPorts();
    const { SerialPort } = await import("serialport");
    const ports: readonly BindingPortInfo[] = await SerialPort.binding.list();
    return ports.map(infoOf);
  } catch (cause) {
    const message = `the serial ports could not be listed: give the path of the port itself (${textOf(cause)})`;
    throw new OpenError("ERR_PORT_FAILED", message, { cause });
  }
}

function infoOf(port: BindingPortInfo): SerialPortInfo {
  const known = DETAILS.flatMap((name) => (port[name] === undefined ? [] : [[name, port[name]] as const]));
  return { path: port.path, ...Object.fromEntries(known) };
}
