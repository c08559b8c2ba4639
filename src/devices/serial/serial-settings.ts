import {
  badOption,
  booleanOption,
  choiceOption,
  durationOption,
  integerOption,
  optionsObject,
} from "../../core/options.ts";
import type { SerialOptions, SerialRs485 } from "./serial.ts";

/** Serial options that were checked, with every default filled in. Those that clients and channels use are left out. */
export type SerialSettings = Readonly<Required<Omit<SerialOptions, "resyncQuietMs" | "dtr" | "rts" | "rs485">>> & {
  /** `undefined`: as opening leaves it. */
  readonly dtr: boolean | undefined;
  readonly rts: boolean | undefined;
  /** `undefined`: as the driver has it. */
  readonly rs485: Readonly<Required<SerialRs485>> | undefined;
};

/** The longest delay that the kernel takes. */
const LONGEST_RS485_DELAY_MS = 100;

/** The highest speed that the drivers' interfaces can carry: 32 bits. */
const HIGHEST_BAUD_RATE = 4_294_967_295;

/**
 * Checks serial options and fills in the defaults. Options of other parts are left alone.
 *
 * @throws OptionsError `ERR_OPTIONS` that names the option and its value.
 */
export function serialSettings(given: SerialOptions): SerialSettings {
  const options = optionsObject(given);
  const rtscts = booleanOption("rtscts", options.rtscts, false);
  const rs485 = rs485Option(options.rs485);
  if (options.rts !== undefined && (rtscts || rs485 !== undefined))
    throw badOption("rts", options.rts, `leave it out with ${rtscts ? "rtscts" : "rs485"}: the driver sets RTS then`);
  if (rtscts && rs485 !== undefined) throw badOption("rtscts", rtscts, "leave it out with rs485, which uses RTS");
  return {
    path: pathOption(options.path),
    baudRate: baudRateOption(options.baudRate),
    dataBits: numberOption("dataBits", options.dataBits, 8, [5, 6, 7, 8]),
    parity: choiceOption("parity", options.parity, "none", ["none", "even", "odd", "mark", "space"]),
    stopBits: numberOption("stopBits", options.stopBits, 1, [1, 1.5, 2]),
    rtscts,
    xon: booleanOption("xon", options.xon, false),
    xoff: booleanOption("xoff", options.xoff, false),
    xany: booleanOption("xany", options.xany, false),
    hupcl: booleanOption("hupcl", options.hupcl, true),
    lock: booleanOption("lock", options.lock, true),
    interByteTimeoutMs: durationOption("interByteTimeoutMs", options.interByteTimeoutMs, 0),
    dtr: options.dtr === undefined ? undefined : booleanOption("dtr", options.dtr, true),
    rts: options.rts === undefined ? undefined : booleanOption("rts", options.rts, true),
    rs485,
  };
}

/**
 * A speed in baud, by default 9600.
 *
 * @throws OptionsError `ERR_OPTIONS` for anything but a positive whole number.
 */
export function baudRateOption(value: number | undefined): number {
  return integerOption("baudRate", value, 9600, 1, HIGHEST_BAUD_RATE);
}

function rs485Option(given: SerialRs485 | undefined): SerialSettings["rs485"] {
  if (given === undefined) return undefined;
  if (typeof given !== "object" || given === null) throw badOption("rs485", given, "give an object with its settings");
  const known: Readonly<Required<SerialRs485>> = {
    delayBeforeSendMs: delayOption("rs485.delayBeforeSendMs", given.delayBeforeSendMs),
    delayAfterSendMs: delayOption("rs485.delayAfterSendMs", given.delayAfterSendMs),
    rtsOnSend: booleanOption("rs485.rtsOnSend", given.rtsOnSend, true),
    receiveDuringSend: booleanOption("rs485.receiveDuringSend", given.receiveDuringSend, false),
  };
  for (const name of Object.keys(given))
    if (!(name in known))
      throw badOption(`rs485.${name}`, given[name as keyof SerialRs485], "there is no such setting");
  return known;
}

function delayOption(name: string, value: number | undefined): number {
  return integerOption(name, value, 0, 0, LONGEST_RS485_DELAY_MS);
}

function pathOption(value: string): string {
  // The system would take a NUL for the end of the path and open something else.
  if (typeof value === "string" && value !== "" && !value.includes("\0")) return value;
  throw badOption("path", value, 'give the path of the port: "/dev/ttyUSB0", "COM3"; listSerialPorts() knows them');
}

function numberOption<Choice extends number>(
  name: string,
  value: Choice | undefined,
  fallback: Choice,
  choices: readonly Choice[],
): Choice {
  if (value === undefined) return fallback;
  if (choices.includes(value)) return value;
  throw badOption(name, value, `give one of ${choices.join(", ")}`);
}
