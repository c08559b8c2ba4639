/** Socket addresses as the kernel of Linux has them. */
import { endianness } from "node:os";
import { linuxConstants } from "./constants.ts";
import { foreignFunctions } from "./library.ts";

/** Where a socket is: an address and port, or a path. */
export type SystemAddress =
  | { readonly family: 4 | 6; readonly host: string; readonly port: number }
  | { readonly path: string };

/** The sizes of the structures, and where their parts are. */
const IPV4_BYTES = 16;
const IPV6_BYTES = 28;
const UNIX_BYTES = 110;
const PORT_AT = 2;
const IPV4_AT = 4;
const IPV6_AT = 8;
const PATH_AT = 2;
/** Enough for any address as text. */
const TEXT_BYTES = 64;

const functions = foreignFunctions(({ declare }) => ({
  inetPton: declare<[family: number, text: string, address: Uint8Array]>(
    "int inet_pton(int family, const char *text, void *address)",
  ),
  inetNtop: declare<[family: number, address: Uint8Array, text: Uint8Array, length: number]>(
    // The result is a pointer that nobody needs.
    "intptr_t inet_ntop(int family, void *address, void *text, unsigned int length)",
  ),
  getsockname: declare<[fd: number, address: Uint8Array, length: Uint32Array]>(
    "int getsockname(int fd, void *address, void *length)",
  ),
  getpeername: declare<[fd: number, address: Uint8Array, length: Uint32Array]>(
    "int getpeername(int fd, void *address, void *length)",
  ),
}));

/** The structure for an address, which has to be one. */
export function encodeAddress(address: SystemAddress): Buffer {
  const numbers = neededConstants();
  if ("path" in address) {
    const path = Buffer.from(address.path);
    // A path ends with a zero byte; a name of the abstract space begins with one, and counts as it is.
    const isAbstract = path[0] === 0;
    return Buffer.concat([familyBytes(numbers.AF_UNIX), path, ...(isAbstract ? [] : [Buffer.alloc(1)])]);
  }
  const isIPv4 = address.family === 4;
  const family = isIPv4 ? numbers.AF_INET : numbers.AF_INET6;
  const structure = Buffer.alloc(isIPv4 ? IPV4_BYTES : IPV6_BYTES);
  familyBytes(family).copy(structure);
  structure.writeUInt16BE(address.port, PORT_AT);
  const at = structure.subarray(isIPv4 ? IPV4_AT : IPV6_AT);
  if (functions().inetPton(family, address.host, at) === 1) return structure;
  throw new TypeError(`${address.host} is not an IP address`);
}

/** The end of a connection: its address and port; neither for a Unix socket, or one that is gone. */
export function socketEnd(fd: number, end: "local" | "remote"): { readonly address?: string; readonly port?: number } {
  const { getsockname, getpeername, inetNtop } = functions();
  const { AF_INET, AF_INET6 } = neededConstants();
  const structure = Buffer.alloc(UNIX_BYTES);
  const length = Uint32Array.of(structure.length);
  if ((end === "local" ? getsockname : getpeername)(fd, structure, length) !== 0) return {};
  const family = new Uint16Array(structure.buffer, structure.byteOffset, 1)[0] as number;
  if (family !== AF_INET && family !== AF_INET6) return {};
  const text = Buffer.alloc(TEXT_BYTES);
  inetNtop(family, structure.subarray(family === AF_INET ? IPV4_AT : IPV6_AT), text, text.length);
  return { address: text.toString("latin1", 0, text.indexOf(0)), port: structure.readUInt16BE(PORT_AT) };
}

function familyBytes(family: number): Buffer {
  const bytes = Buffer.alloc(PATH_AT);
  if (endianness() === "LE") bytes.writeUInt16LE(family);
  else bytes.writeUInt16BE(family);
  return bytes;
}

function neededConstants(): NonNullable<ReturnType<typeof linuxConstants>> {
  const numbers = linuxConstants();
  if (numbers === undefined) throw new TypeError(`no socket addresses of ${process.platform} are known`);
  return numbers;
}
