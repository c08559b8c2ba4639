/** The numbers of the terminal interface, compared with the headers of the kernel by the C compiler. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TERMINAL, TERMIOS } from "../../src/system/terminal-constants.ts";
import { peer } from "../support/peers.ts";

const HEADERS = ["stdio.h", "asm/ioctls.h", "asm/termbits.h", "linux/serial.h", "linux/termios.h", "sys/file.h"];

peer("cc")("the numbers of the terminal interface are those of the kernel's headers", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "plib-io-constants-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const numbers = { ...TERMINAL, ...TERMIOS };
  const source = [
    ...HEADERS.map((header) => `#include <${header}>`),
    "int main(void) {",
    ...Object.keys(numbers).map((name) => `  printf("%u ", (unsigned int)${name});`),
    "  return 0;",
    "}",
  ].join("\n");
  writeFileSync(join(folder, "numbers.c"), source);
  execFileSync("cc", ["-o", join(folder, "numbers"), join(folder, "numbers.c")]);
  const printed = execFileSync(join(folder, "numbers"), { encoding: "utf8" }).trim().split(" ").map(Number);
  t.deepEqual(Object.fromEntries(Object.keys(numbers).map((name, index) => [name, printed[index]])), numbers);
});
