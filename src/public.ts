/** What the package exports beside the generated classes: errors, and the types that their signatures name. */
export type { ProcessServerStats } from "./comm/process-server-stats.ts";
export type { ChildInfo } from "./comm/server-child.ts";
export type { Data, MessageOf } from "./core/data.ts";
export type { SocketLink } from "./devices/socket.ts";
export type { SerialControl, SerialLink, SerialStatus } from "./devices/serial.ts";
export { listSerialPorts, type SerialPortInfo } from "./devices/serial-ports.ts";
export type { AsyncChannelEvents } from "./modes/async.ts";
export type { AsyncCallOptions } from "./modes/async-options.ts";
export type { ListenAddress } from "./modes/async-transport.ts";
export type {
  AsyncHandler,
  AsyncServerEvents,
  AsyncServerStats,
  ServerCloseOptions,
} from "./roles/async-server-options.ts";
export * from "./errors.ts";
