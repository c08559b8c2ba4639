import { badOption, booleanOption, optionsObject } from "../core/options.ts";
import type { SerialControl, SerialLink, SerialStatus } from "./serial.ts";
import type { SerialBindingPort } from "./serial-binding.ts";
import { badSetting, portClosedError, portRefusedError, textOf } from "./serial-errors.ts";
import { baudRateOption } from "./serial-settings.ts";

/** The control lines, status lines and speed of an open port. */
export class SerialPortLink implements SerialLink {
  readonly path: string;
  readonly #port: SerialBindingPort;
  readonly #drain: () => Promise<void>;
  /** What the lines were last set to. Opening a port raises both. */
  #lines = { dtr: true, rts: true };

  /**
   * @param path the path of the port, for messages.
   * @param port the open port.
   * @param drain resolves when everything queued so far is on the wire.
   */
  constructor(path: string, port: SerialBindingPort, drain: () => Promise<void>) {
    this.path = path;
    this.#port = port;
    this.#drain = drain;
  }

  async set(lines: SerialControl): Promise<void> {
    const { dtr, rts, brk } = optionsObject(lines);
    const wanted = {
      dtr: booleanOption("dtr", dtr, this.#lines.dtr),
      rts: booleanOption("rts", rts, this.#lines.rts),
    };
    const isBreak = booleanOption("brk", brk, false);
    await this.#request("set its control lines", async (port) => {
      // The binding sets every flag that it knows: what is to stay has to be given again.
      const { lowLatency } = await port.get();
      await port.set({ ...wanted, brk: isBreak, ...(lowLatency !== undefined && { lowLatency }) });
    });
    this.#lines = wanted;
  }

  async get(): Promise<SerialStatus> {
    const { cts, dsr, dcd } = await this.#request("tell its status lines", (port) => port.get());
    return { cts, dsr, dcd };
  }

  async update(options: { baudRate: number }): Promise<void> {
    const { baudRate } = optionsObject(options);
    if (baudRate === undefined) throw badOption("baudRate", baudRate, "give the new speed in baud");
    const rate = baudRateOption(baudRate);
    // Changing the speed drops what the driver holds, and what was queued before was meant for the old speed.
    if (this.#port.isOpen) await this.#drain();
    await this.#request(`change its speed to ${rate} baud`, (port) => port.update({ baudRate: rate }), {
      baudRate: rate,
    });
  }

  async #request<Answer>(
    what: string,
    ask: (port: SerialBindingPort) => Promise<Answer>,
    settings: { baudRate?: number } = {},
  ): Promise<Answer> {
    if (!this.#port.isOpen) throw portClosedError(this.path);
    try {
      return await ask(this.#port);
    } catch (cause) {
      throw badSetting(settings, textOf(cause)) ?? portRefusedError(this.path, what, cause);
    }
  }
}
