import { TimeoutError } from "../../errors.ts";
import { portRefusedError } from "./serial-errors.ts";
import { controlLines, newBaudRate } from "./serial-link.ts";
import type { BlockingSerialLink, SerialControl, SerialStatus } from "./serial.ts";
import type { TerminalPort } from "./terminal-port.ts";

/** How long nothing may leave, before a change of speed gives up that waits for what was written before. */
const STALL_MS = 5000;

/** The control lines, status lines and speed of an open port, for a thread that may be blocked meanwhile. */
export class TerminalLink implements BlockingSerialLink {
  readonly path: string;
  readonly #port: TerminalPort;

  constructor(port: TerminalPort) {
    this.path = port.path;
    this.#port = port;
  }

  set(lines: SerialControl): void {
    const wanted = controlLines(lines);
    this.#request("set its control lines", () => this.#port.setNow(wanted));
  }

  get(): SerialStatus {
    return this.#request("read its status lines", () => this.#port.getNow());
  }

  update(options: { baudRate: number }): void {
    const rate = newBaudRate(options);
    this.#request(`change its speed to ${rate} baud`, () => {
      // What was written before was meant for the old speed.
      this.#drain();
      this.#port.setBaudRateNow(rate);
    });
  }

  #drain(): void {
    for (let left = this.#port.unsentBytes(); left > 0;) {
      const rest = this.#port.drainUntil(performance.now() + STALL_MS);
      if (rest > 0 && rest >= left) {
        const text = `the speed of ${this.path} was not changed: the line took nothing of what was written before in ${STALL_MS} ms`;
        throw new TimeoutError("ERR_WRITE_TIMEOUT", text);
      }
      left = rest;
    }
  }

  #request<Answer>(what: string, ask: () => Answer): Answer {
    try {
      return ask();
    } catch (cause) {
      throw portRefusedError(this.path, what, cause);
    }
  }
}
