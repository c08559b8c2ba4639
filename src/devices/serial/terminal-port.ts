import { closeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { pause } from "../../system/descriptors.ts";
import * as terminal from "../../system/terminal.ts";
import { baudRateOf, unmetSetting, withBaudRate, withSettings } from "../../system/terminal-settings.ts";
import { unknownSetting, portClosedError, portLockedError, notTtyError } from "./serial-errors.ts";
import type { SerialSettings } from "./serial-settings.ts";
import type { SerialControl, SerialStatus } from "./serial.ts";
import { FAREWELL_MS, type SerialPortHandle } from "./port.ts";

/** How often the driver is asked whether everything is on the wire: at least, and at most. */
const LEAST_LOOK_MS = 1;
const MOST_LOOK_MS = 20;
/** A start bit, eight data bits and a stop bit. */
const BITS_PER_BYTE = 10;

/**
 * A port of Linux, over the system's own calls. Its descriptor belongs to the thread that opened it, and is closed with it.
 * None of these calls waits, but for {@link drainUntil} and {@link closeNow}.
 */
export class TerminalPort implements SerialPortHandle {
  readonly path: string;
  readonly fd: number;
  readonly #isPseudo: boolean;
  #state: "open" | "closing" | "closed" = "open";
  #isExclusive = false;
  #baudRate = 0;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.fd = fd;
    this.#isPseudo = terminal.isPseudoTerminal(fd);
  }

  /**
   * Takes over a descriptor: checks that it is a terminal, and locks it. Nothing is changed on the port; the descriptor is
   * closed if that fails.
   *
   * @throws OpenError `ERR_PORT_NOT_TTY`, `ERR_PORT_IN_USE`; SystemError.
   */
  static claim({ path, lock }: SerialSettings, fd: number): TerminalPort {
    try {
      if (!terminal.isTerminal(fd)) throw notTtyError(path, "not a terminal");
      if (lock && !terminal.lockExclusively(fd)) throw portLockedError(path);
      return new TerminalPort(path, fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /**
   * Configures the port, and drops what it had received before. Either everything is set, or nothing is changed.
   *
   * @throws OptionsError `ERR_OPTIONS` for what the driver does not have; SystemError.
   */
  configure(settings: SerialSettings): void {
    const { fd } = this;
    const undo: (() => void)[] = [];
    try {
      // Two device nodes of one port do not lock each other out.
      if (settings.lock && !this.#isPseudo) {
        terminal.setExclusive(fd, true);
        this.#isExclusive = true;
      }
      this.#switchRs485(settings, undo);
      this.#applySettings(settings, undo);
      this.#setFirstLines(settings);
      terminal.dropInput(fd);
    } catch (error) {
      for (const step of undo.toReversed()) ignoringFailure(step);
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  async set(lines: SerialControl): Promise<void> {
    this.setNow(lines);
  }

  async get(): Promise<SerialStatus> {
    return this.getNow();
  }

  async setBaudRate(baudRate: number): Promise<void> {
    this.setBaudRateNow(baudRate);
  }

  /** As {@link set}, at once. */
  setNow({ dtr, rts, brk }: SerialControl): void {
    const fd = this.#openFd();
    // For a break on a pseudo-terminal, the system would answer that it was done.
    if (brk !== undefined && this.#isPseudo) terminal.inputLines(fd);
    terminal.setOutputLines(fd, { dtr, rts });
    if (brk !== undefined) terminal.setBreak(fd, brk);
  }

  /** As {@link get}, at once. */
  getNow(): SerialStatus {
    return terminal.inputLines(this.#openFd());
  }

  /** As {@link setBaudRate}, at once. */
  setBaudRateNow(baudRate: number): void {
    const fd = this.#openFd();
    const before = terminal.terminalSettings(fd);
    const wanted = withBaudRate(before, baudRate);
    terminal.setTerminalSettings(fd, wanted);
    if (unmetSetting(wanted, terminal.terminalSettings(fd), !this.#isPseudo) === "baudRate") {
      ignoringFailure(() => terminal.setTerminalSettings(fd, before));
      throw unknownSetting("baudRate", baudRate);
    }
    this.#baudRate = baudRate;
    terminal.dropInput(fd);
  }

  /** How many bytes were written and are not on the wire yet. */
  unsentBytes(): number {
    return terminal.unsentBytes(this.#openFd());
  }

  /** Drops what was received and not read yet. */
  dropInput(): void {
    terminal.dropInput(this.#openFd());
  }

  async drain(): Promise<void> {
    for (let left = this.unsentBytes(); left > 0; left = this.unsentBytes()) await sleep(this.#lookMs(left));
  }

  /** Blocks the thread until everything is on the wire, or until the deadline; how many bytes are left then. */
  drainUntil(deadline: number): number {
    for (;;) {
      const left = this.unsentBytes();
      const remaining = deadline - performance.now();
      if (left === 0 || remaining <= 0) return left;
      pause(Math.min(this.#lookMs(left), remaining));
    }
  }

  async close(): Promise<void> {
    if (this.#state !== "open") return;
    this.#state = "closing";
    const due = performance.now() + FAREWELL_MS;
    for (let left = this.#leftAtClose(); left > 0 && performance.now() < due; left = this.#leftAtClose())
      await sleep(this.#lookMs(left));
    this.#release();
  }

  /** As {@link close}, and blocks the thread meanwhile. */
  closeNow(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    const due = performance.now() + FAREWELL_MS;
    for (let left = this.#leftAtClose(); left > 0 && performance.now() < due; left = this.#leftAtClose())
      pause(this.#lookMs(left));
    this.#release();
  }

  #release(): void {
    if (this.#leftAtClose() > 0) ignoringFailure(() => terminal.dropOutput(this.fd));
    if (this.#isExclusive) ignoringFailure(() => terminal.setExclusive(this.fd, false));
    this.#state = "closed";
    closeSync(this.fd);
  }

  /** The descriptor's number may belong to something else once the port is closed. */
  #openFd(): number {
    if (this.#state !== "open") throw portClosedError(this.path);
    return this.fd;
  }

  /** A line that is gone has nothing left to send. */
  #leftAtClose(): number {
    try {
      return terminal.unsentBytes(this.fd);
    } catch {
      return 0;
    }
  }

  /** How long to wait before the driver is asked again, with so many bytes left. */
  #lookMs(left: number): number {
    const neededMs = (left * BITS_PER_BYTE * 1000) / Math.max(1, this.#baudRate);
    return Math.min(Math.max(neededMs, LEAST_LOOK_MS), MOST_LOOK_MS);
  }

  #switchRs485({ rs485 }: SerialSettings, undo: (() => void)[]): void {
    if (rs485 === undefined) return;
    try {
      const before = terminal.rs485Settings(this.fd);
      undo.push(() => terminal.setRs485Settings(this.fd, before));
      terminal.setRs485Settings(this.fd, terminal.rawRs485(rs485));
    } catch (cause) {
      throw unknownSetting("rs485", rs485, cause);
    }
  }

  #applySettings(settings: SerialSettings, undo: (() => void)[]): void {
    // The system counts one and a half stop bits as two, and sends so many only with five data bits.
    if (settings.stopBits === 1.5 && settings.dataBits !== 5) throw unknownSetting("stopBits", 1.5);
    const before = terminal.terminalSettings(this.fd);
    const wanted = withSettings(before, settings);
    undo.push(() => terminal.setTerminalSettings(this.fd, before));
    terminal.setTerminalSettings(this.fd, wanted);
    const actual = terminal.terminalSettings(this.fd);
    const unmet = unmetSetting(wanted, actual, !this.#isPseudo);
    if (unmet !== undefined) throw unknownSetting(unmet, settings[unmet]);
    this.#baudRate = baudRateOf(actual);
  }

  /** Opening has raised both lines. */
  #setFirstLines({ dtr, rts }: SerialSettings): void {
    try {
      terminal.setOutputLines(this.fd, { dtr, rts });
    } catch (cause) {
      throw dtr === undefined ? unknownSetting("rts", rts, cause) : unknownSetting("dtr", dtr, cause);
    }
  }
}

function ignoringFailure(step: () => void): void {
  try {
    step();
  } catch {
    // The port is being given up, or is gone: nothing can be done about it.
  }
}
