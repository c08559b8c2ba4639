import type { Resident } from "../comm/helper-protocol.ts";
import { openSerialPort, type SerialBindingPort } from "./serial-binding.ts";
import { closePort, drainPort } from "./serial-drain.ts";
import { SerialPortLink } from "./serial-link.ts";
import { serialSettings } from "./serial-settings.ts";
import type { SerialControl, SerialOptions, SerialStatus } from "./serial.ts";

/** What the owner of a serial resident is told. */
export interface SerialResidentInfo {
  readonly path: string;
}

/**
 * Opens, configures and locks a port whose owner is another thread, which is blocked and moves the bytes itself.
 *
 * @throws OpenError as {@link openSerialPort}.
 */
export async function openSerialResident(
  options: SerialOptions & { readonly vmin: number; readonly vtime: number },
): Promise<Resident<SerialResidentInfo>> {
  const settings = serialSettings(options);
  const port = await openSerialPort(settings, { vmin: options.vmin, vtime: options.vtime });
  return new SerialResident(settings.path, port);
}

/** An open port, of which the helper thread has everything but the bytes. */
class SerialResident implements Resident<SerialResidentInfo> {
  readonly info: SerialResidentInfo;
  readonly #port: SerialBindingPort;
  readonly #link: SerialPortLink;

  constructor(path: string, port: SerialBindingPort) {
    this.info = { path };
    this.#port = port;
    this.#link = new SerialPortLink(path, port, () => this.drain());
  }

  set(lines: SerialControl): Promise<void> {
    return this.#link.set(lines);
  }

  get(): Promise<SerialStatus> {
    return this.#link.get();
  }

  update(options: { baudRate: number }): Promise<void> {
    return this.#link.update(options);
  }

  /** Resolves when all that was written is on the wire. */
  drain(): Promise<void> {
    return drainPort(this.#port);
  }

  close(): Promise<void> {
    return closePort(this.#port);
  }
}
