/** What the package exports beside the generated classes: errors, and the types that their signatures name. */
export type { ForkingServerStats } from "./roles/forking-server/forking-server-stats.ts";
export type { ChildInfo } from "./roles/forking-server/children/server-child.ts";
export type { CloseReason } from "./core/close-reason.ts";
export type { Data, MessageOf } from "./core/data.ts";
export type { SocketLink } from "./devices/socket/socket.ts";
export type { SerialControl, SerialLink, SerialStatus } from "./devices/serial/serial.ts";
export { listSerialPorts, type SerialPortInfo } from "./devices/serial/serial-ports.ts";
export type { AsyncChannelEvents } from "./modes/async/async-channel.ts";
export type { AsyncCallOptions } from "./modes/async/async-options.ts";
export type { ListenAddress } from "./modes/async/async-transport.ts";
export type {
  AsyncHandler,
  AsyncServerEvents,
  AsyncServerStats,
  ServerCloseOptions,
} from "./roles/server/async-server-options.ts";
export * from "./errors.ts";
