/** Pseudo-terminals by the C library, through `koffi`: Node.js itself cannot make them. Linux and macOS. */
import { constants } from "node:fs";
import koffi from "koffi";

/** A pseudo-terminal: what is written to `master` is read at `path`, and the other way round. */
export interface PseudoTerminal {
  readonly master: number;
  readonly path: string;
}

const POLLIN = 1;
/** At least as large as `struct termios` on any system; it is only ever handed back to the C library. */
const TERMIOS_SIZE = 256;

const libc = koffi.load(null);
const posixOpenpt = libc.func("int posix_openpt(int flags)");
const grantpt = libc.func("int grantpt(int fd)");
const unlockpt = libc.func("int unlockpt(int fd)");
const ptsname = libc.func("str ptsname(int fd)");
const tcgetattr = libc.func("int tcgetattr(int fd, _Inout_ uint8_t *termios)");
const tcsetattr = libc.func("int tcsetattr(int fd, int when, uint8_t *termios)");
const cfmakeraw = libc.func("void cfmakeraw(_Inout_ uint8_t *termios)");
const dup = libc.func("int dup(int fd)");
const poll = libc.func("int poll(_Inout_ uint8_t *fds, unsigned long count, int timeout)");

/** Makes a pseudo-terminal in raw mode: every byte goes through as it is, and nothing is echoed. */
export function openPseudoTerminal(): PseudoTerminal {
  const master = posixOpenpt(constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK) as number;
  if (master < 0) throw new Error("posix_openpt failed: the system has no pseudo-terminal left");
  if (grantpt(master) !== 0 || unlockpt(master) !== 0) throw new Error("grantpt or unlockpt failed");
  const path = ptsname(master) as string;
  const termios = Buffer.alloc(TERMIOS_SIZE);
  if (tcgetattr(master, termios) !== 0) throw new Error(`tcgetattr of ${path} failed`);
  cfmakeraw(termios);
  if (tcsetattr(master, 0, termios) !== 0) throw new Error(`tcsetattr of ${path} failed`);
  return { master, path };
}

/** A second descriptor for the same terminal. */
export function duplicate(fd: number): number {
  const second = dup(fd) as number;
  if (second < 0) throw new Error(`dup of descriptor ${fd} failed`);
  return second;
}

/** Whether bytes wait to be read from a descriptor. */
export function hasInput(fd: number): boolean {
  const request = Buffer.alloc(8);
  request.writeInt32LE(fd, 0);
  request.writeInt16LE(POLLIN, 4);
  return (poll(request, 1, 0) as number) > 0 && (request.readInt16LE(6) & POLLIN) !== 0;
}
