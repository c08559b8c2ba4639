import { closeSync, constants, open, openSync } from "node:fs";
import { promisify } from "node:util";
import { checkDevice } from "./device-check.ts";

/** Opening must not wait for a carrier, and must not give this process a controlling terminal. */
const FLAGS = constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK;

/** Opens the device at a path. The descriptor belongs to the thread that calls, and is closed with it. */
export function openDevice(path: string): number {
  checkDevice(path);
  return openSync(path, FLAGS);
}

/**
 * Opens the device at a path without blocking the thread, for there are devices whose opening takes long.
 *
 * @throws the reason of the signal, if it has aborted meanwhile; the descriptor is closed then.
 */
export async function openDeviceLater(path: string, signal: AbortSignal): Promise<number> {
  checkDevice(path);
  const fd = await promisify(open)(path, FLAGS);
  if (!signal.aborted) return fd;
  closeSync(fd);
  throw signal.reason;
}
