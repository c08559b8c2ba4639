/** Where channels can meet: what a device offers to connect two ends of a program, and how its addresses are given. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ListenAddress } from "../../src/modes/async/async-transport.ts";
import type { Extra } from "./channel-cells.ts";
import { MemoryLine } from "../../src/devices/memory/memory-line.ts";
import { openVirtualLine, type VirtualLine } from "./virtual-line.ts";

/** Two addresses that lead to each other, for one test. */
export interface Spot {
  /** The address options of the end that waits. */
  readonly server: Extra;
  /** The address options of the end that connects, once the other end listens at `address`. */
  client(address: ListenAddress): Extra;
  /** The virtual line, where there is one. */
  readonly line?: VirtualLine;
  /** Takes away what is left. */
  close(): Promise<void>;
}

/** A kind of address. */
export interface Place {
  readonly title: string;
  /** The device that uses such addresses. */
  readonly device: string;
  /** Whether it is a line, which both ends open, and which carries one connection. */
  readonly isLine?: boolean;
  /** @param onClose what the other end of a serial line sees when one end is closed. */
  open(onClose?: "keep" | "hang-up"): Promise<Spot>;
}

/** TCP on the loopback interface, on a port that the system chooses. */
export const tcp: Place = {
  title: "TCP",
  device: "Socket",
  open: () =>
    Promise.resolve({
      server: { host: "127.0.0.1", port: 0 },
      client: (address) => ({ host: "127.0.0.1", port: address.port }),
      close: () => Promise.resolve(),
    }),
};

/** A Unix domain socket in a folder of its own. */
export const unixSocket: Place = {
  title: "Unix socket",
  device: "Socket",
  async open() {
    const folder = await mkdtemp(join(tmpdir(), "plib-io-"));
    const address = { path: join(folder, "s") };
    return { server: address, client: () => address, close: () => rm(folder, { recursive: true }) };
  },
};

/** A null modem of two pseudo-terminals. */
export const serialLine: Place = {
  title: "virtual serial line",
  device: "Serial",
  isLine: true,
  async open(onClose = "keep") {
    const line = await openVirtualLine({ onClose });
    return { server: { path: line.b }, client: () => ({ path: line.a }), line, close: () => line.close() };
  },
};

/** A line in this process, without the system. */
export const memoryLine: Place = {
  title: "line in memory",
  device: "Memory",
  open() {
    const address = { line: new MemoryLine() };
    return Promise.resolve({ server: address, client: () => address, close: () => Promise.resolve() });
  },
};

/** All kinds of addresses. */
export const places: readonly Place[] = [tcp, unixSocket, serialLine, memoryLine];
