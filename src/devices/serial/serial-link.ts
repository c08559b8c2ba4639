import { badOption, booleanOption, optionsObject } from "../../core/options.ts";
import { portClosedError, portRefusedError } from "./serial-errors.ts";
import { baudRateOption } from "./serial-settings.ts";
import type { SerialControl, SerialLink, SerialStatus } from "./serial.ts";
import type { SerialPortHandle } from "./port.ts";

/** The control lines, status lines and speed of an open port. */
export class SerialPortLink implements SerialLink {
  readonly path: string;
  readonly #port: SerialPortHandle;
  readonly #drain: () => Promise<void>;

  /**
   * @param path the path of the port, for messages.
   * @param port the open port.
   * @param drain resolves when everything queued so far is on the wire.
   */
  constructor(path: string, port: SerialPortHandle, drain: () => Promise<void>) {
    this.path = path;
    this.#port = port;
    this.#drain = drain;
  }

  async set(lines: SerialControl): Promise<void> {
    const wanted = controlLines(lines);
    await this.#request("set its control lines", (port) => port.set(wanted));
  }

  async get(): Promise<SerialStatus> {
    return await this.#request("read its status lines", (port) => port.get());
  }

  async update(options: { baudRate: number }): Promise<void> {
    const rate = newBaudRate(options);
    // What was queued before was meant for the old speed.
    if (this.#port.isOpen) await this.#drain();
    await this.#request(`change its speed to ${rate} baud`, (port) => port.setBaudRate(rate));
  }

  async #request<Answer>(what: string, ask: (port: SerialPortHandle) => Promise<Answer>): Promise<Answer> {
    if (!this.#port.isOpen) throw portClosedError(this.path);
    try {
      return await ask(this.#port);
    } catch (cause) {
      throw portRefusedError(this.path, what, cause);
    }
  }
}

/**
 * The control lines that are given.
 *
 * @throws OptionsError `ERR_OPTIONS` for one that is not a boolean.
 */
export function controlLines(given: SerialControl): SerialControl {
  const { dtr, rts, brk } = optionsObject(given);
  return {
    ...(dtr !== undefined && { dtr: booleanOption("dtr", dtr, true) }),
    ...(rts !== undefined && { rts: booleanOption("rts", rts, true) }),
    ...(brk !== undefined && { brk: booleanOption("brk", brk, false) }),
  };
}

/**
 * The speed that a port is to have.
 *
 * @throws OptionsError `ERR_OPTIONS` for one that is no positive whole number, or missing.
 */
export function newBaudRate(options: { baudRate: number }): number {
  const { baudRate } = optionsObject(options);
  if (baudRate === undefined) throw badOption("baudRate", baudRate, "give the new speed in baud");
  return baudRateOption(baudRate);
}
