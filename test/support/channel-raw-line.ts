/** The other end of a serial line, played without the library's channels, so that a test decides about each byte. */
import type { Socket } from "node:net";
import { ttyStream } from "../../src/devices/serial/async-serial-stream.ts";
import { RawClient } from "./tcp-peers.ts";

/** Opens an end of a virtual line. */
export function rawLine(path: string): RawClient {
  return new RawClient(ttyStream(path) as Socket);
}
