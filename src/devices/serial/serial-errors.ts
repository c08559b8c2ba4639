import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { badOption } from "../../core/options.ts";
import { ChannelError, DisconnectedError, OpenError, OptionsError, StateError } from "../../errors.ts";
import type { OpenErrorCode } from "../../errors.ts";
import type { SerialSettings } from "./serial-settings.ts";

/** What the code of a failed open means, and what to do. */
interface OpenFault {
  readonly code: OpenErrorCode;
  readonly advice: string;
}

const NO_PORT: OpenFault = {
  code: "ERR_PORT_NOT_FOUND",
  advice: "there is no such port: plug the device in, or see with listSerialPorts() what its path is",
};
const NO_DEVICE: OpenFault = {
  code: "ERR_PORT_NOT_FOUND",
  advice: "there is no device behind it: plug it in, and see with listSerialPorts() what its path is",
};
const NO_NODE: OpenFault = {
  code: "ERR_PORT_NOT_FOUND",
  advice:
    "the system has this port, but it is not in /dev here: pass the device to the container (docker run --device), or have udev make its node",
};
const IN_USE: OpenFault = {
  code: "ERR_PORT_IN_USE",
  advice: "it is in use: close it in the program that has it open, or wait until that has ended",
};
const NOT_TTY: OpenFault = {
  code: "ERR_PORT_NOT_TTY",
  advice: "it is not a serial port: give the path of one; listSerialPorts() lists them",
};

/** By the codes of the system. Never by its texts, which differ between systems and languages. */
const FAULTS: Readonly<Record<string, OpenFault>> = {
  ENOENT: NO_PORT,
  ENOTDIR: NO_PORT,
  ENXIO: NO_DEVICE,
  ENODEV: NO_DEVICE,
  EIO: NO_DEVICE,
  EACCES: {
    code: "ERR_PORT_PERMISSION",
    advice:
      "this user may not open it: add the user to the group that owns it (often dialout or uucp), and log in again",
  },
  EPERM: {
    code: "ERR_PORT_PERMISSION",
    advice:
      "the system keeps this process from the device, whatever the user: allow it in the container's list of devices (docker run --device), or in the service's DeviceAllow (systemd), without PrivateDevices",
  },
  ERR_ACCESS_DENIED: {
    code: "ERR_PORT_PERMISSION",
    advice: "the permission model of Node.js does not allow it: allow reading and writing its path",
  },
  EBUSY: IN_USE,
  EAGAIN: IN_USE,
  ENOTTY: NOT_TTY,
  EISDIR: NOT_TTY,
};

const UNKNOWN_FAULT: OpenFault = {
  code: "ERR_PORT_FAILED",
  advice: "see the cause, and check that the device and its cable are in order",
};

/** The error of a port that could not be opened, with what the system said as its `cause`. */
export function portOpenError(path: string, cause: unknown): ChannelError {
  if (ChannelError.is(cause)) return cause;
  const code = codeOf(cause);
  const isHidden = code === "ENOENT" && isKnownToSystem(path);
  const fault = isHidden ? NO_NODE : ((code === undefined ? undefined : FAULTS[code]) ?? UNKNOWN_FAULT);
  const message = `the serial port ${path} could not be opened; ${fault.advice} (${textOf(cause)})`;
  return new OpenError(fault.code, message, { cause, outcome: "not-sent" });
}

/** The error of a path that leads to something else than a terminal. */
export function notTtyError(path: string, found: string): OpenError {
  const message = `${path} is ${found}, not a serial port: give the path of one; listSerialPorts() lists them`;
  return new OpenError("ERR_PORT_NOT_TTY", message, { outcome: "not-sent" });
}

/** The error of a port that another program, or another channel of this one, has locked. */
export function portLockedError(path: string, cause?: unknown): OpenError {
  const message = `the serial port ${path} could not be opened; ${IN_USE.advice} (it is locked)`;
  return new OpenError(IN_USE.code, message, { outcome: "not-sent", ...(cause !== undefined && { cause }) });
}

/** The error of a port that cannot be opened in this thread or on this system at all. */
export function portUnavailableError(path: string, reason: string, cause?: unknown): OpenError {
  const message = `the serial port ${path} cannot be opened here: ${reason}`;
  return new OpenError("ERR_PORT_FAILED", message, { outcome: "not-sent", ...(cause !== undefined && { cause }) });
}

/** The `ERR_OPTIONS` of a setting that the driver of a port does not have. */
export function unknownSetting(name: keyof SerialSettings, value: unknown, cause?: unknown): OptionsError {
  const { message } = badOption(
    name,
    value,
    "the driver of this port does not have that: give another, or leave it out",
  );
  return new OptionsError("ERR_OPTIONS", message, { outcome: "not-sent", ...(cause !== undefined && { cause }) });
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

/** What a driver answers that does not have what it is asked for. */
const NO_SUCH_THING = new Set(["ENOTTY", "EINVAL", "EOPNOTSUPP", "ENOTSUP"]);

/** The error of a request to an open port that its driver refused. */
export function portRefusedError(path: string, request: string, cause: unknown): ChannelError {
  if (ChannelError.is(cause)) return cause;
  const isMissing = NO_SUCH_THING.has(codeOf(cause) ?? "");
  const reason = isMissing
    ? "its driver has no such thing, as that of a pseudo-terminal"
    : "it is gone, or its driver failed; open it again when it is back";
  const message = `the serial port ${path} cannot ${request}: ${reason} (${textOf(cause)})`;
  return new DisconnectedError("ERR_PORT_DISCONNECTED", message, { cause });
}

/** The error of a request to a port that was closed here. */
export function portClosedError(path: string): StateError {
  return new StateError("ERR_CHANNEL_CLOSED", `the serial port ${path} was closed: open it again first`);
}

function codeOf(cause: unknown): string | undefined {
  return (cause as { readonly code?: string } | null | undefined)?.code;
}

/** What an error says, for people. */
export function textOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).replace(/^Error:? /, "");
}

/** Whether Linux has a port that `/dev` does not show, as in a container. */
function isKnownToSystem(path: string): boolean {
  return process.platform === "linux" && dirname(path) === "/dev" && existsSync(`/sys/class/tty/${basename(path)}`);
}
