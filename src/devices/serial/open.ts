import { closeSync } from "node:fs";
import type { Duplex } from "node:stream";
import { hasTerminals } from "../../system/terminal.ts";
import { bindingStream, ttyStream } from "./async-serial-stream.ts";
import { portOpenError } from "./serial-errors.ts";
import type { SerialSettings } from "./serial-settings.ts";
import { openBindingPort } from "./binding-port.ts";
import { openDevice, openDeviceLater } from "./descriptor.ts";
import type { SerialPortHandle } from "./port.ts";
import { TerminalPort } from "./terminal-port.ts";

/** An open port, and its bytes as a stream. Closing one does not close the other. */
export interface OpenedPort {
  readonly port: SerialPortHandle;
  readonly stream: Duplex;
}

/**
 * Opens, checks, locks and configures a port, in this order: one that is refused is as it was.
 *
 * @throws OpenError `ERR_PORT_NOT_FOUND`, `ERR_PORT_PERMISSION`, `ERR_PORT_NOT_TTY`, `ERR_PORT_IN_USE`, `ERR_PORT_FAILED`.
 * @throws OptionsError `ERR_OPTIONS` for a setting that the driver does not have.
 * @throws the reason of the signal, when it aborts before; what was opened by then is closed again.
 */
export async function openSerialPort(settings: SerialSettings, signal: AbortSignal): Promise<OpenedPort> {
  try {
    signal.throwIfAborted();
    return hasTerminals() ? await openTerminal(settings, signal) : await openBinding(settings, signal);
  } catch (error) {
    throw signal.aborted ? signal.reason : portOpenError(settings.path, error);
  }
}

/**
 * As {@link openSerialPort}, for a thread that reads and writes the descriptor itself, and may be blocked meanwhile.
 *
 * @param deadline a device that is open only then is closed again, and nothing on it was changed.
 * @throws as {@link openSerialPort}.
 */
export function openTerminalNow(settings: SerialSettings, deadline: number): TerminalPort | "late" {
  let port: TerminalPort | undefined;
  try {
    const fd = openDevice(settings.path);
    if (performance.now() >= deadline) {
      closeSync(fd);
      return "late";
    }
    port = TerminalPort.claim(settings, fd);
    port.configure(settings);
    return port;
  } catch (error) {
    port?.closeNow();
    throw portOpenError(settings.path, error);
  }
}

async function openTerminal(settings: SerialSettings, signal: AbortSignal): Promise<OpenedPort> {
  const port = TerminalPort.claim(settings, await openDeviceLater(settings.path, signal));
  let stream: Duplex | undefined;
  try {
    // The stream opens the device once more, which an exclusive port would refuse, and which raises its control lines.
    stream = ttyStream(settings.path);
    port.configure(settings);
    return { port, stream };
  } catch (error) {
    stream?.destroy();
    port.closeNow();
    throw error;
  }
}

async function openBinding(settings: SerialSettings, signal: AbortSignal): Promise<OpenedPort> {
  const port = await openBindingPort(settings, signal);
  try {
    signal.throwIfAborted();
    const stream = process.platform === "win32" ? await bindingStream(settings, port.object) : ttyStream(settings.path);
    return { port, stream };
  } catch (error) {
    await port.close();
    throw error;
  }
}
