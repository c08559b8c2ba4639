/** Terminals of Linux: what can be asked of the descriptor of a serial port, bytes aside. */
import { fstatSync } from "node:fs";
import { linuxConstants } from "./constants.ts";
import { foreignFunctions, systemLibrary } from "./library.ts";
import { SystemError, uninterrupted } from "./system-error.ts";
import { TERMINAL } from "./terminal-constants.ts";
import { RAW_SETTINGS_LENGTH, type RawSettings } from "./terminal-settings.ts";

/** Modem control lines that can be set. */
export interface OutputLines {
  readonly dtr?: boolean | undefined;
  readonly rts?: boolean | undefined;
}

/** Modem control lines that the other end sets. */
export interface InputLines {
  readonly cts: boolean;
  readonly dsr: boolean;
  readonly dcd: boolean;
}

/** How a driver switches the direction of an RS-485 line. */
export interface Rs485Settings {
  readonly delayBeforeSendMs: number;
  readonly delayAfterSendMs: number;
  /** Whether RTS is raised while sending, and dropped otherwise; or the other way round. */
  readonly rtsOnSend: boolean;
  readonly receiveDuringSend: boolean;
}

/** `struct serial_rs485`, in words: flags, delay before and after sending, then what is not used here. */
const RS485_LENGTH = 8;
/** The device numbers of pseudo-terminals: those of Unix 98, and the old ones of BSD. */
const PSEUDO_TERMINALS = { first: 136, last: 143, bsd: 3 } as const;

const functions = foreignFunctions(({ declare }) => ({
  byAddress: declare<[fd: number, request: number, type: "void *", memory: Uint32Array]>(
    "int ioctl(int fd, unsigned long request, ...)",
  ),
  byValue: declare<[fd: number, request: number, type: "int", value: number]>(
    "int ioctl(int fd, unsigned long request, ...)",
  ),
  flock: declare<[fd: number, operation: number]>("int flock(int fd, int operation)"),
}));

/** Whether terminals can be driven here by these functions: on Linux, where its library can be called. */
export function hasTerminals(): boolean {
  return linuxConstants() !== undefined && systemLibrary() !== undefined;
}

/**
 * Whether a descriptor is a terminal.
 *
 * @throws SystemError `EIO` and others, if it is one whose device is not there.
 */
export function isTerminal(fd: number): boolean {
  const result = uninterrupted(() =>
    functions().byAddress(fd, TERMINAL.TCGETS2, "void *", memoryOf(RAW_SETTINGS_LENGTH)),
  );
  if (result >= 0) return true;
  const error = new SystemError("ioctl", -result, "TCGETS2");
  if (error.code === "ENOTTY") return false;
  throw error;
}

/** Whether a terminal is a pseudo-terminal, which has no line, no control lines and no driver that sends. */
export function isPseudoTerminal(fd: number): boolean {
  const { rdev } = fstatSync(fd);
  const major = Math.floor(rdev / 0x1_00) & 0xf_ff;
  return (major >= PSEUDO_TERMINALS.first && major <= PSEUDO_TERMINALS.last) || major === PSEUDO_TERMINALS.bsd;
}

/**
 * Locks a file for this descriptor, if nobody has locked it. The lock goes when the last duplicate of the descriptor is
 * closed.
 *
 * @returns whether it is locked now.
 */
export function lockExclusively(fd: number): boolean {
  const result = uninterrupted(() => functions().flock(fd, TERMINAL.LOCK_EX | TERMINAL.LOCK_NB));
  if (result >= 0) return true;
  const error = new SystemError("flock", -result);
  // Another name of EWOULDBLOCK.
  if (error.code === "EAGAIN") return false;
  throw error;
}

/**
 * Has the system refuse further opens of the device, by whatever path, with `EBUSY`; or no longer. Who may do everything
 * is not refused. Not for pseudo-terminals: the refusal would stay after the last close.
 */
export function setExclusive(fd: number, isExclusive: boolean): void {
  control(fd, isExclusive ? "TIOCEXCL" : "TIOCNXCL");
}

/** The settings of a terminal. */
export function terminalSettings(fd: number): RawSettings {
  return read(fd, "TCGETS2", RAW_SETTINGS_LENGTH);
}

/** Sets a terminal, at once. What its driver does not know it may leave out without an error. */
export function setTerminalSettings(fd: number, settings: RawSettings): void {
  write(fd, "TCSETS2", settings);
}

/** Drops what was received and not read yet. */
export function dropInput(fd: number): void {
  control(fd, "TCFLSH", TERMINAL.TCIFLUSH);
}

/** Drops what was written and not sent yet. */
export function dropOutput(fd: number): void {
  control(fd, "TCFLSH", TERMINAL.TCOFLUSH);
}

/**
 * How many bytes were written and are not on the wire yet, as far as the driver knows: those in its queue, and 1 while the
 * last ones leave the device, where the driver reports that.
 */
export function unsentBytes(fd: number): number {
  const queued = read(fd, "TIOCOUTQ", 1)[0] ?? 0;
  if (queued > 0) return queued;
  const status = memoryOf(1);
  const result = uninterrupted(() => functions().byAddress(fd, TERMINAL.TIOCSERGETLSR, "void *", status));
  return result >= 0 && ((status[0] ?? 0) & TERMINAL.TIOCSER_TEMT) === 0 ? 1 : 0;
}

/** Raises and drops control lines; those left out stay as they are. */
export function setOutputLines(fd: number, { dtr, rts }: OutputLines): void {
  const those = (wanted: boolean): number =>
    (dtr === wanted ? TERMINAL.TIOCM_DTR : 0) | (rts === wanted ? TERMINAL.TIOCM_RTS : 0);
  if (those(true) !== 0) write(fd, "TIOCMBIS", Uint32Array.of(those(true)));
  if (those(false) !== 0) write(fd, "TIOCMBIC", Uint32Array.of(those(false)));
}

/** The control lines that the other end sets. */
export function inputLines(fd: number): InputLines {
  const lines = read(fd, "TIOCMGET", 1)[0] ?? 0;
  return {
    cts: (lines & TERMINAL.TIOCM_CTS) !== 0,
    dsr: (lines & TERMINAL.TIOCM_DSR) !== 0,
    dcd: (lines & TERMINAL.TIOCM_CAR) !== 0,
  };
}

/** Begins to hold the line low, or ends it. A pseudo-terminal has no line, and the system would not say so. */
export function setBreak(fd: number, isBreak: boolean): void {
  control(fd, isBreak ? "TIOCSBRK" : "TIOCCBRK");
}

/** What a driver is to do about RS-485, in its own words. */
export type RawRs485 = Uint32Array;

/**
 * How a driver switches the direction of an RS-485 line.
 *
 * @throws SystemError `ENOTTY` and others, if it cannot.
 */
export function rs485Settings(fd: number): RawRs485 {
  return read(fd, "TIOCGRS485", RS485_LENGTH);
}

/** Sets what {@link rs485Settings} gave. */
export function setRs485Settings(fd: number, settings: RawRs485): void {
  write(fd, "TIOCSRS485", settings);
}

/** RS-485 switched on, in the form that drivers take. */
export function rawRs485(settings: Rs485Settings): RawRs485 {
  const raw = memoryOf(RS485_LENGTH);
  raw[0] =
    TERMINAL.SER_RS485_ENABLED |
    (settings.rtsOnSend ? TERMINAL.SER_RS485_RTS_ON_SEND : TERMINAL.SER_RS485_RTS_AFTER_SEND) |
    (settings.receiveDuringSend ? TERMINAL.SER_RS485_RX_DURING_TX : 0);
  raw[1] = settings.delayBeforeSendMs;
  raw[2] = settings.delayAfterSendMs;
  return raw;
}

type Request = keyof typeof TERMINAL;

function control(fd: number, request: Request, value = 0): void {
  checked(request, () => functions().byValue(fd, TERMINAL[request], "int", value));
}

function write(fd: number, request: Request, memory: Uint32Array): void {
  checked(request, () => functions().byAddress(fd, TERMINAL[request], "void *", memory));
}

function read(fd: number, request: Request, length: number): Uint32Array {
  const memory = memoryOf(length);
  write(fd, request, memory);
  return memory;
}

function checked(request: Request, call: () => number): void {
  const result = uninterrupted(call);
  if (result < 0) throw new SystemError("ioctl", -result, request);
}

function memoryOf(length: number): Uint32Array {
  return new Uint32Array(length);
}
