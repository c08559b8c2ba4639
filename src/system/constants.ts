/**
 * The numbers of the system's interface that Node.js does not export. Error numbers, signals and the flags of `open` are in
 * `os.constants` and `fs.constants`; everything else that `src/system` hands to the kernel is in this table. CI compares it
 * with the headers of the C library, by the names that are used here.
 */

/** The constants of one platform, by their names in C. */
export interface SystemConstants {
  readonly POLLIN: number;
  readonly POLLOUT: number;
  readonly POLLHUP: number;
  readonly POLLNVAL: number;
  readonly MSG_DONTWAIT: number;
  /** 0 where the system has none. Node.js ignores SIGPIPE anyway. */
  readonly MSG_NOSIGNAL: number;
  readonly SHUT_WR: number;
  readonly SOL_SOCKET: number;
  /** Counts in seconds on each platform: on macOS it is called `SO_LINGER_SEC`. */
  readonly SO_LINGER: number;
  readonly F_SETFD: number;
  readonly FD_CLOEXEC: number;
}

/** The further constants of Linux. */
export interface LinuxConstants extends SystemConstants {
  readonly O_CLOEXEC: number;
  readonly AF_UNIX: number;
  readonly AF_INET: number;
  readonly AF_INET6: number;
  readonly SOCK_STREAM: number;
  readonly SOCK_NONBLOCK: number;
  readonly SOCK_CLOEXEC: number;
  readonly SO_ERROR: number;
  /** That of the kernel's own time, whose parts are as long as a pointer. */
  readonly SO_RCVTIMEO: number;
  readonly F_SETFL: number;
  readonly IPPROTO_TCP: number;
  readonly TCP_NODELAY: number;
}

/** What every system agrees on. */
const everywhere = {
  POLLIN: 1,
  POLLOUT: 4,
  POLLHUP: 0x10,
  POLLNVAL: 0x20,
  SHUT_WR: 1,
  F_SETFD: 2,
  FD_CLOEXEC: 1,
} as const;

const linux: LinuxConstants = {
  ...everywhere,
  MSG_DONTWAIT: 0x40,
  MSG_NOSIGNAL: 0x40_00,
  SOL_SOCKET: 1,
  SO_LINGER: 13,
  O_CLOEXEC: 0x8_00_00,
  AF_UNIX: 1,
  AF_INET: 2,
  AF_INET6: 10,
  SOCK_STREAM: 1,
  SOCK_NONBLOCK: 0x8_00,
  SOCK_CLOEXEC: 0x8_00_00,
  SO_ERROR: 4,
  SO_RCVTIMEO: 20,
  F_SETFL: 4,
  IPPROTO_TCP: 6,
  TCP_NODELAY: 1,
};

const darwin: SystemConstants = {
  ...everywhere,
  MSG_DONTWAIT: 0x80,
  MSG_NOSIGNAL: 0,
  SOL_SOCKET: 0xff_ff,
  SO_LINGER: 0x10_80,
};

/** The architectures on which Linux has the numbers above. MIPS, SPARC and PowerPC have others in places. */
const LINUX_ARCHITECTURES: ReadonlySet<string> = new Set([
  "x64",
  "arm64",
  "arm",
  "ia32",
  "riscv64",
  "loong64",
  "s390x",
]);

const DARWIN_ARCHITECTURES: ReadonlySet<string> = new Set(["x64", "arm64"]);

/** The constants of Linux on an architecture; `undefined` on another system, or where they are not known. */
export function linuxConstants(
  platform: string = process.platform,
  architecture: string = process.arch,
): LinuxConstants | undefined {
  return platform === "linux" && LINUX_ARCHITECTURES.has(architecture) ? linux : undefined;
}

/** The constants of a platform and architecture; `undefined` where they are not known: then nothing is called. */
export function systemConstants(
  platform: string = process.platform,
  architecture: string = process.arch,
): SystemConstants | undefined {
  if (platform === "darwin" && DARWIN_ARCHITECTURES.has(architecture)) return darwin;
  return linuxConstants(platform, architecture);
}
