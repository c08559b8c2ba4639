/** The numbers of the system's interface, compared with the headers of the C library and of the kernel. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import test from "ava";
import { linuxConstants } from "../../src/system/constants.ts";
import { TERMINAL, TERMIOS } from "../../src/system/terminal-constants.ts";

const HEADERS = [
  "poll.h",
  "fcntl.h",
  "netinet/in.h",
  "netinet/tcp.h",
  "sys/socket.h",
  "sys/file.h",
  "linux/serial.h",
  "asm/termbits.h",
  "asm/termios.h",
  "asm/ioctls.h",
];

/** Architectures, where Debian puts their headers, and what those ask the compiler for. */
const TARGETS: Readonly<Record<string, readonly [triple: string, ...options: readonly string[]]>> = {
  arm64: ["aarch64-linux-gnu"],
  arm: ["arm-linux-gnueabihf", "-m32", "-D__arm__", "-D__ARM_EABI__", "-D__ARM_PCS_VFP"],
  ia32: ["i686-linux-gnu", "-m32"],
  riscv64: ["riscv64-linux-gnu", "-D__riscv_xlen=64", "-D__riscv_float_abi_double"],
  s390x: ["s390x-linux-gnu", "-D__s390x__"],
};

const isComplete = process.env["PLIB_IO_REQUIRE_PEERS"] !== undefined;
const compiler = spawnSync("gcc", ["-print-file-name=include"], { encoding: "utf8" });
const own = compiler.status === 0 ? compiler.stdout.trim() : undefined;

/** A program that only compiles if the numbers are right. */
function assertions(architecture: string): string {
  const all = { ...linuxConstants("linux", architecture), ...TERMINAL, ...TERMIOS };
  const lines = Object.entries(all).map(([name, value]) => {
    return `_Static_assert((unsigned)(${name}) == ${value >>> 0}U, "${name} is not ${value}");`;
  });
  return [...HEADERS.map((header) => `#include <${header}>`), ...lines].join("\n");
}

function compile(architecture: string, options: readonly string[]): string {
  const args = ["-fsyntax-only", "-D_GNU_SOURCE", ...options, "-x", "c", "-"];
  return spawnSync("gcc", args, { input: assertions(architecture), encoding: "utf8" }).stderr;
}

test("the numbers are those of the headers of this machine", (t) => {
  if (own === undefined) return void t.false(isComplete, "gcc is missing");
  t.is(compile(process.arch, []), "");
});

for (const [architecture, [triple, ...options]] of Object.entries(TARGETS)) {
  test(`the numbers are those of the headers of ${architecture}`, (t) => {
    const headers = `/usr/${triple}/include`;
    if (own === undefined || !existsSync(headers)) return void t.false(isComplete, `${headers} is missing`);
    const paths = ["-U__x86_64__", "-nostdinc", "-isystem", own, "-isystem", headers];
    t.is(compile(architecture, [...paths, ...options]), "");
  });
}

test("a number that is wrong is found", (t) => {
  if (own === undefined) return void t.false(isComplete, "gcc is missing");
  const wrong = assertions(process.arch).replace("(SO_LINGER) == 13U", "(SO_LINGER) == 14U");
  const { status } = spawnSync("gcc", ["-fsyntax-only", "-D_GNU_SOURCE", "-x", "c", "-"], { input: wrong });
  t.not(status, 0);
});
