/** The one place where the names of generated classes, their options and their files are composed. */
import { capitalised } from "../read/names.ts";

/** `AsyncSocketClient` → `async-socket-client`; a run of capitals is one word: `WithNMEALine` → `with-nmea-line`. */
export function kebabCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1-$2")
    .toLowerCase();
}

/** The names of one generated class. */
export interface ClassNames {
  /** With the mode: `AsyncSocketClientWithTerminator`. */
  readonly className: string;
  /** Without it, as the barrel of the mode exports it: `SocketClientWithTerminator`. */
  readonly shortName: string;
  /** Without mode and framing: `SocketClient`. */
  readonly familyName: string;
  /** The options type, with the mode. */
  readonly optionsName: string;
  /** The options type without the mode. */
  readonly shortOptionsName: string;
  /** The file below the output root. */
  readonly file: string;
  /** The module of the package, below `runtime/`, with what the classes of this mode and family are made of. */
  readonly runtimeModule: string;
}

/** Composes the names of the class of one cell of the matrix. */
export function classNames(mode: string, rolePattern: string, deviceName: string, suffix: string): ClassNames {
  const familyName = rolePattern.replace("*", deviceName);
  const shortName = familyName + suffix;
  const className = capitalised(mode) + shortName;
  return {
    className,
    shortName,
    familyName,
    optionsName: `${className}Options`,
    shortOptionsName: `${shortName}Options`,
    file: `${mode}/${kebabCase(className)}.ts`,
    runtimeModule: kebabCase(capitalised(mode) + familyName),
  };
}

/** What a role is called without regard to the device: `*Client` → `Client`. */
export function roleName(rolePattern: string): string {
  return rolePattern.replace("*", "");
}

/** What a framing is called in tables: its suffix, or `basic`. */
export function framingTitle(suffix: string): string {
  return suffix === "" ? "basic" : suffix;
}
