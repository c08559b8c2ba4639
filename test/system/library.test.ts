/** Where the C library can be called, and what is said where it cannot. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import test from "ava";
import { systemConstants } from "../../src/system/constants.ts";
import { systemLibrary, whyNoSystemLibrary } from "../../src/system/library.ts";

const script = `
  const { systemLibrary, whyNoSystemLibrary } = await import(process.argv[1]);
  console.log(JSON.stringify([systemLibrary() === undefined, whyNoSystemLibrary()]));
`;

/** What a process that was started with such options finds. */
async function found(...options: readonly string[]): Promise<[isMissing: boolean, why: string]> {
  const module = new URL("../../src/system/library.js", import.meta.url).href;
  const args = [...options, "--no-warnings", "--input-type=module", "--eval", script, module];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as [boolean, string];
}

test("the C library is there, and says what went wrong", (t) => {
  const library = systemLibrary();
  t.is(whyNoSystemLibrary(), undefined);
  const close = library?.declare<[fd: number]>("int close(int fd)");
  t.is(close?.(-1), -1);
  t.is(library?.errno(), 9);
});

test("without the package, or where addons are forbidden, the reason says what to do", async (t) => {
  const without = new URL("../support/without-koffi.js", import.meta.url).href;
  const permission = process.allowedNodeEnvironmentFlags.has("--permission")
    ? "--permission"
    : "--experimental-permission";
  for (const [options, pattern] of [
    [["--import", without], /npm install koffi/],
    [["--no-addons"], /addons are forbidden/],
    [[permission, "--allow-fs-read=*"], /addons are forbidden|permission model/],
  ] as const) {
    const [isMissing, why] = await found(...options);
    t.true(isMissing);
    t.regex(why, pattern);
  }
});

test("what runs with frozen intrinsics is the same", async (t) => {
  t.deepEqual(await found("--frozen-intrinsics"), [false, null as never]);
});

test("nothing is assumed about systems and architectures that are not known", (t) => {
  t.is(systemConstants("linux", "mips"), undefined);
  t.is(systemConstants("win32", "x64"), undefined);
  t.is(systemConstants("linux", "arm64")?.MSG_DONTWAIT, 0x40);
  t.is(systemConstants("darwin", "arm64")?.MSG_DONTWAIT, 0x80);
});
