import { checkListenOptions, type CheckedAddress, type SocketListenOptions } from "./socket.ts";

/**
 * Checks where a server of processes is to listen. The listening itself is done by whoever supervises the processes.
 *
 * @throws OptionsError `ERR_OPTIONS` for an address that is none.
 */
export function listenBlockingSocket(options: SocketListenOptions): CheckedAddress {
  return checkListenOptions(options);
}
