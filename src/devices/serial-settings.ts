import {
  badOption,
  booleanOption,
  choiceOption,
  durationOption,
  integerOption,
  optionsObject,
} from "../core/options.ts";
import type { SerialOptions } from "./serial.ts";

/** Serial options that were checked, with every default filled in. Those that clients and channels use are left out. */
export type SerialSettings = Readonly<Required<Omit<SerialOptions, "resyncQuietMs">>>;

/** The highest speed that the drivers' interfaces can carry: 32 bits. */
const HIGHEST_BAUD_RATE = 4_294_967_295;

/**
 * Checks serial options and fills in the defaults. Options of other parts are left alone.
 *
 * @throws OptionsError `ERR_OPTIONS` that names the option and its value.
 */
export function serialSettings(given: SerialOptions): SerialSettings {
  const options = optionsObject(given);
  return {
    path: pathOption(options.path),
    baudRate: baudRateOption(options.baudRate),
    dataBits: numberOption("dataBits", options.dataBits, 8, [5, 6, 7, 8]),
    parity: choiceOption("parity", options.parity, "none", ["none", "even", "odd", "mark", "space"]),
    stopBits: numberOption("stopBits", options.stopBits, 1, [1, 1.5, 2]),
    rtscts: booleanOption("rtscts", options.rtscts, false),
    xon: booleanOption("xon", options.xon, false),
    xoff: booleanOption("xoff", options.xoff, false),
    xany: booleanOption("xany", options.xany, false),
    hupcl: booleanOption("hupcl", options.hupcl, true),
    lock: booleanOption("lock", options.lock, true),
    interByteTimeoutMs: durationOption("interByteTimeoutMs", options.interByteTimeoutMs, 0),
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
