import { closeSync, constants, openSync } from "node:fs";
import type { OnReadOpts } from "node:net";
import type { Duplex } from "node:stream";
import { ReadStream } from "node:tty";
import { type BindingPortObject, loadSerialPort } from "./binding-port.ts";
import type { SerialSettings } from "./serial-settings.ts";
import { handleOf } from "../socket/socket-handle.ts";

/** Received bytes that a stream holds while nobody takes them. */
const HIGH_WATER_MARK = 65_536;

/**
 * libuv's terminal stream: faster than `serialport`'s own and safe in worker threads. On a descriptor of its own, because
 * libuv opens the terminal again and puts that in the place of what it was given, which would lose the lock of the port's.
 * Destroying the stream does not close the port.
 */
export function ttyStream(path: string): Duplex {
  const fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  let isTakenOver = false;
  try {
    const buffer = Buffer.allocUnsafeSlow(HIGH_WATER_MARK);
    // Reading into one buffer, and copying, costs less than what a stream does with a buffer for each read.
    const callback = (length: number): boolean => {
      const bytes = Buffer.from(buffer.subarray(0, length));
      if (!stream.isPaused()) return stream.emit("data", bytes);
      // A read that was begun before the pause; the stream keeps its bytes.
      stream.push(bytes);
      return false;
    };
    const options: ConstructorParameters<typeof ReadStream>[1] & { onread: OnReadOpts } = {
      onread: { buffer, callback },
    };
    const stream: ReadStream = new ReadStream(fd, options);
    // The stream closes the descriptor that it uses. Where that is a new one, the one that it was given stays open.
    isTakenOver = handleOf(stream)?.fd === fd;
    return stream;
  } finally {
    if (!isTakenOver) closeSync(fd);
  }
}

/** `serialport`'s own stream, where the system has no descriptors for ports (Windows). Main thread only. */
export async function bindingStream(settings: SerialSettings, port: BindingPortObject): Promise<Duplex> {
  const { path, baudRate } = settings;
  const { SerialPort } = await loadSerialPort(path);
  // Gives the stream the port that is open already. The types of the package leave the binding out.
  const binding = { list: async () => [], open: async () => port };
  const options = { binding, path, baudRate, autoOpen: false, highWaterMark: HIGH_WATER_MARK };
  return await new Promise((resolve, reject) => {
    const stream = new SerialPort(options);
    stream.open((error) => (error ? reject(error) : resolve(stream)));
  });
}
