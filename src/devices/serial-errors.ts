import { badOption } from "../core/options.ts";
import { DisconnectedError, OpenError, StateError } from "../errors.ts";
import type { ChannelError, OpenErrorCode } from "../errors.ts";
import type { SerialSettings } from "./serial-settings.ts";

/** What the system or `serialport` says, what it means, and what to do. `serialport` passes on the text alone. */
const OPEN_FAULTS: readonly (readonly [pattern: RegExp, code: OpenErrorCode, advice: string])[] = [
  [
    /ENOENT|ENOTDIR|ENXIO|ENODEV|No such (file|device)|Not a directory|File not found|Device not configured/i,
    "ERR_PORT_NOT_FOUND",
    "there is no such port: plug the device in, or look for its path with listSerialPorts()",
  ],
  [
    /EACCES|EPERM|Permission denied|not permitted/i,
    "ERR_PORT_PERMISSION",
    "this user may not open it: add the user to the group that owns the port (often dialout or uucp), and log in again",
  ],
  [
    /ENOTTY|Inappropriate ioctl|Invalid handle|ERR_TTY_INIT_FAILED|Is a directory/i,
    "ERR_PORT_NOT_TTY",
    "it is not a serial port: give the path of one; listSerialPorts() knows them",
  ],
  [
    /Cannot lock port|EBUSY|Device or resource busy|Access denied/i,
    "ERR_PORT_IN_USE",
    "it is in use: close it in the program that has it open, or wait until that has ended",
  ],
];

/** The error of a port that could not be opened, with what the system said as its `cause`. */
export function portOpenError(settings: SerialSettings, cause: unknown): ChannelError {
  const text = textOf(cause);
  const option = badSetting(settings, text);
  if (option !== undefined) return option;
  const fault = OPEN_FAULTS.find(([pattern]) => pattern.test(text));
  const advice = fault?.[2] ?? "look at the cause, and whether the device and its cable are in order";
  const message = `the serial port ${settings.path} could not be opened; ${advice} (${text})`;
  return new OpenError(fault?.[1] ?? "ERR_PORT_FAILED", message, { cause, outcome: "not-sent" });
}

/** The error of a path that leads to something else than a terminal device. */
export function notTtyError(path: string, found: string): OpenError {
  const message = `${path} is ${found}, not a serial port: give the path of one; listSerialPorts() knows them`;
  return new OpenError("ERR_PORT_NOT_TTY", message, { outcome: "not-sent" });
}

/** The error of an open port that is gone. */
export function portGoneError(path: string, bytesWritten: number, cause?: unknown): DisconnectedError {
  const message =
    `the serial port ${path} is gone: the device was unplugged or the line hung up, ` +
    `after ${bytesWritten} bytes were written; open it again when it is back`;
  return new DisconnectedError("ERR_PORT_DISCONNECTED", message, {
    bytesWritten,
    ...(cause !== undefined && { cause }),
  });
}

/** The error of a request to an open port that its driver refused. */
export function portRefusedError(path: string, request: string, cause: unknown): DisconnectedError {
  const message = `the serial port ${path} cannot ${request}: it is gone, or is of a kind that has no such thing, as a pseudo-terminal (${textOf(cause)})`;
  return new DisconnectedError("ERR_PORT_DISCONNECTED", message, { cause });
}

/** The error of a request to a port that was closed here. */
export function portClosedError(path: string): StateError {
  return new StateError("ERR_CHANNEL_CLOSED", `the serial port ${path} was closed: open it again first`);
}

/** The `ERR_OPTIONS` of a setting that this system's driver does not know, if that is what `text` says. */
export function badSetting(settings: Partial<SerialSettings>, text: string): ChannelError | undefined {
  const advice = "this system does not know that setting: give another";
  if (/Invalid parity/i.test(text)) return badOption("parity", settings.parity, advice);
  if (/Invalid stop bits/i.test(text)) return badOption("stopBits", settings.stopBits, advice);
  if (/Invalid data bits/i.test(text)) return badOption("dataBits", settings.dataBits, advice);
  if (/baud rate of -?\d+ is not supported/i.test(text)) return badOption("baudRate", settings.baudRate, advice);
  return undefined;
}

/** What an error of the system or of `serialport` says. */
export function textOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).replace(/^Error:? /, "");
}
