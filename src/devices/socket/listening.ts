/** Which sockets servers of this package listen on in this thread: a blocking client must not wait for one of them. */
import { resolve } from "node:path";
import type { ListenAddress } from "../../modes/async/async-transport.ts";
import type { CheckedAddress } from "./socket.ts";

const addresses = new Set<ListenAddress>();

/** Takes note of an address; call what is returned when nobody listens there any more. */
export function noteListening(address: ListenAddress): () => void {
  addresses.add(address);
  return () => addresses.delete(address);
}

/** Whether a server in this thread would have to answer a client of that address. */
export function isListeningHere(target: CheckedAddress): boolean {
  for (const address of addresses) {
    if ("path" in target ? isSamePath(address.path, target.path) : address.port === target.port && isLocal(target.host))
      return true;
  }
  return false;
}

function isSamePath(a: string | undefined, b: string): boolean {
  return a === b || (a !== undefined && !b.startsWith("\0") && resolve(a) === resolve(b));
}

/** Names that certainly lead back to this machine. Of others nothing is known, and the deadline has to do. */
function isLocal(host: string | undefined): boolean {
  return host === undefined || host === "localhost" || host === "::1" || host.startsWith("127.");
}
