/** The settings of a terminal as Linux keeps them, in `struct termios2`: read, changed and compared, without a system call. */
import { TERMIOS } from "./terminal-constants.ts";

/** How a serial line is to be set. Everything that is not named here is set so that bytes pass as they are. */
export interface TerminalSettings {
  readonly baudRate: number;
  readonly dataBits: 5 | 6 | 7 | 8;
  readonly parity: "none" | "even" | "odd" | "mark" | "space";
  readonly stopBits: 1 | 1.5 | 2;
  readonly rtscts: boolean;
  readonly xon: boolean;
  readonly xoff: boolean;
  readonly xany: boolean;
  readonly hupcl: boolean;
}

/** The settings of a terminal as the kernel keeps them, in words. Only this module knows what is where in them. */
export type RawSettings = Uint32Array;

/** The size of `struct termios2` in words. */
export const RAW_SETTINGS_LENGTH = 11;
const INPUT_FLAGS = 0;
const OUTPUT_FLAGS = 1;
const CONTROL_FLAGS = 2;
const LOCAL_FLAGS = 3;
/** In bytes. */
const CHARACTERS = 17;
const INPUT_SPEED = 9;
const OUTPUT_SPEED = 10;

const XON_CHARACTER = 0x11;
const XOFF_CHARACTER = 0x13;

/** A speed that a driver makes of the wanted one may differ by so much: more than that, and no byte is understood. */
const SPEED_TOLERANCE = 0.03;

/** The speeds that have a code of their own, which other programs understand: from 1 and from `BOTHER` + 1 on. */
const SLOW_SPEEDS = [50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19_200, 38_400];
const FAST_SPEEDS = [
  57_600, 115_200, 230_400, 460_800, 500_000, 576_000, 921_600, 1_000_000, 1_152_000, 1_500_000, 2_000_000, 2_500_000,
  3_000_000, 3_500_000, 4_000_000,
];

const SIZES = { 5: 0, 6: TERMIOS.CS6, 7: TERMIOS.CS7, 8: TERMIOS.CS8 } as const;
const PARITIES = {
  none: 0,
  even: TERMIOS.PARENB,
  odd: TERMIOS.PARENB | TERMIOS.PARODD,
  mark: TERMIOS.PARENB | TERMIOS.PARODD | TERMIOS.CMSPAR,
  space: TERMIOS.PARENB | TERMIOS.CMSPAR,
} as const;
const PARITY_FLAGS = TERMIOS.PARENB | TERMIOS.PARODD | TERMIOS.CMSPAR;

/** What `current` becomes by these settings: a terminal that changes, interprets and echoes nothing. */
export function withSettings(current: RawSettings, settings: TerminalSettings): RawSettings {
  const raw = withBaudRate(current, settings.baudRate);
  raw[INPUT_FLAGS] =
    bit(settings.xon, TERMIOS.IXON) | bit(settings.xoff, TERMIOS.IXOFF) | bit(settings.xany, TERMIOS.IXANY);
  raw[OUTPUT_FLAGS] = 0;
  raw[LOCAL_FLAGS] = 0;
  const replaced =
    TERMIOS.CSIZE | TERMIOS.CSTOPB | PARITY_FLAGS | TERMIOS.CRTSCTS | TERMIOS.HUPCL | TERMIOS.CREAD | TERMIOS.CLOCAL;
  raw[CONTROL_FLAGS] = (word(raw, CONTROL_FLAGS) & ~replaced) | controlFlags(settings);
  const characters = new Uint8Array(raw.buffer, CHARACTERS);
  // Reads of one who would wait for them return with the first byte.
  characters[TERMIOS.VMIN] = 1;
  characters[TERMIOS.VTIME] = 0;
  characters[TERMIOS.VSTART] = XON_CHARACTER;
  characters[TERMIOS.VSTOP] = XOFF_CHARACTER;
  return raw;
}

/** What `current` becomes by another speed, the same in both directions. */
export function withBaudRate(current: RawSettings, baudRate: number): RawSettings {
  const raw = Uint32Array.from(current);
  // Without an input speed of its own, the input has the speed of the output.
  raw[CONTROL_FLAGS] = (word(current, CONTROL_FLAGS) & ~(TERMIOS.CBAUD | TERMIOS.CIBAUD)) | speedCode(baudRate);
  raw[INPUT_SPEED] = baudRate;
  raw[OUTPUT_SPEED] = baudRate;
  return raw;
}

/**
 * The first of the wanted settings that a driver did not take, as it shows in what it has set; `undefined` if it took all.
 *
 * @param hasLine whether there is a line at all: a pseudo-terminal has the same character size and parity whatever is set.
 */
export function unmetSetting(
  wanted: RawSettings,
  actual: RawSettings,
  hasLine: boolean,
): keyof TerminalSettings | undefined {
  const speed = baudRateOf(wanted);
  if (Math.abs(baudRateOf(actual) - speed) > SPEED_TOLERANCE * speed) return "baudRate";
  const missed = word(wanted, CONTROL_FLAGS) ^ word(actual, CONTROL_FLAGS);
  if (hasLine && (missed & TERMIOS.CSIZE) !== 0) return "dataBits";
  if (hasLine && (missed & PARITY_FLAGS) !== 0) return "parity";
  if ((missed & TERMIOS.CSTOPB) !== 0) return "stopBits";
  if ((missed & TERMIOS.CRTSCTS) !== 0) return "rtscts";
  return (missed & TERMIOS.HUPCL) === 0 ? undefined : "hupcl";
}

/** The speed of the output, in baud. */
export function baudRateOf(settings: RawSettings): number {
  return word(settings, OUTPUT_SPEED);
}

function controlFlags(settings: TerminalSettings): number {
  return (
    SIZES[settings.dataBits] |
    bit(settings.stopBits > 1, TERMIOS.CSTOPB) |
    PARITIES[settings.parity] |
    bit(settings.rtscts, TERMIOS.CRTSCTS) |
    bit(settings.hupcl, TERMIOS.HUPCL) |
    TERMIOS.CREAD |
    TERMIOS.CLOCAL
  );
}

function word(settings: RawSettings, index: number): number {
  return settings[index] ?? 0;
}

function speedCode(baudRate: number): number {
  const slow = SLOW_SPEEDS.indexOf(baudRate);
  return slow >= 0 ? slow + 1 : TERMIOS.BOTHER + FAST_SPEEDS.indexOf(baudRate) + 1;
}

function bit(isSet: boolean, flag: number): number {
  return isSet ? flag : 0;
}
