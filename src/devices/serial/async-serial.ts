import type { AsyncListener, AsyncTransport, ListenerEvents } from "../../modes/async/async-transport.ts";
import { AsyncSerialTransport } from "./async-serial-transport.ts";
import { openSerialPort } from "./open.ts";
import { serialSettings } from "./serial-settings.ts";
import type { SerialSettings } from "./serial-settings.ts";
import type { SerialLink, SerialOptions } from "./serial.ts";

/**
 * Opens a serial port for a client or a persistent channel.
 *
 * @returns what opens the port, and rejects with an OpenError `ERR_PORT_NOT_FOUND`, `ERR_PORT_PERMISSION`,
 * `ERR_PORT_NOT_TTY`, `ERR_PORT_IN_USE`, `ERR_PORT_FAILED`, with an OptionsError for a setting that this system does not
 * know, or with the reason of the signal; what was opened by then is closed again.
 * @throws OptionsError `ERR_OPTIONS` for an option that cannot be used.
 */
export function connectAsyncSerial(
  options: SerialOptions,
): (signal: AbortSignal) => Promise<AsyncTransport<SerialLink>> {
  const settings = serialSettings(options);
  return async (signal) => await openUnlessAborted(settings, signal);
}

/**
 * Opens a serial port for a server. The port is the one connection: it is accepted as soon as the listener is given.
 *
 * @returns what opens the port, and rejects as for {@link connectAsyncSerial}.
 * @throws OptionsError `ERR_OPTIONS` for an option that cannot be used.
 */
export function listenAsyncSerial(
  options: SerialOptions,
): (events: ListenerEvents<SerialLink>) => Promise<AsyncListener> {
  const settings = serialSettings(options);
  return async (events) => {
    const transport = await openTransport(settings, new AbortController().signal);
    return new SerialListener(settings.path, transport, events);
  };
}

async function openUnlessAborted(settings: SerialSettings, signal: AbortSignal): Promise<AsyncSerialTransport> {
  signal.throwIfAborted();
  const opening = openTransport(settings, signal);
  return await new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    const settle = (done: () => void): void => {
      signal.removeEventListener("abort", abort);
      done();
    };
    opening.then(
      (transport) => settle(() => (signal.aborted ? transport.destroy() : resolve(transport))),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}

async function openTransport(settings: SerialSettings, signal: AbortSignal): Promise<AsyncSerialTransport> {
  const { port, stream } = await openSerialPort(settings, signal);
  return new AsyncSerialTransport(settings, stream, port);
}

/** A serial port that was opened for a server. */
class SerialListener implements AsyncListener {
  readonly acceptsMany = false;
  readonly address: { readonly path: string };
  /** The transport, until it is handed over. */
  #transport: AsyncSerialTransport | undefined;

  constructor(path: string, transport: AsyncSerialTransport, events: ListenerEvents<SerialLink>) {
    this.address = { path };
    this.#transport = transport;
    // After the listener was returned to its caller.
    setImmediate(() => {
      const accepted = this.#transport;
      this.#transport = undefined;
      if (accepted !== undefined) events.accepted(accepted);
    });
  }

  async close(): Promise<void> {
    const transport = this.#transport;
    this.#transport = undefined;
    if (transport !== undefined) await released(transport);
  }
}

/** Closes a transport that was not handed over. Resolves when the port is free again. */
async function released(transport: AsyncSerialTransport): Promise<void> {
  await new Promise<void>((resolve) => {
    const ignore = (): void => undefined;
    transport.attach({ data: ignore, ended: ignore, drained: ignore, closed: () => resolve() });
    transport.destroy();
  });
}
