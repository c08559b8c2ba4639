/** Paths of Unix sockets that the system would cut off. */
import test from "ava";
import {
  AsyncSocketClient,
  AsyncSocketServer,
  BlockingSocketClient,
  BlockingSocketServer,
} from "../../../generated/index.ts";

const longest = { linux: 107, darwin: 103 }[process.platform as string] ?? 255;
const handler = new URL("./handler.js", import.meta.url);
const makers: Readonly<Record<string, (path: string) => unknown>> = {
  AsyncSocketClient: (path) => new AsyncSocketClient({ path }),
  AsyncSocketServer: (path) => new AsyncSocketServer({ path }),
  BlockingSocketClient: (path) => new BlockingSocketClient({ path }),
  BlockingSocketServer: (path) => new BlockingSocketServer({ path, handler }),
};

for (const [name, make] of Object.entries(makers)) {
  test(`${name}: a path is refused that is longer than the system takes, counted in bytes`, (t) => {
    t.notThrows(() => make(`/${"x".repeat(longest - 1)}`));
    t.notThrows(() => make(`/${"ü".repeat((longest - 1) / 2)}`));
    for (const path of [`/${"x".repeat(longest)}`, `/x${"ü".repeat((longest - 1) / 2)}`]) {
      const error = t.throws(() => make(path), { code: "ERR_OPTIONS" });
      t.regex(error.message, new RegExp(`"path".*${longest} bytes`, "s"));
    }
  });

  test(`${name}: a path with a NUL in it, where it would be cut, is refused`, (t) => {
    t.throws(() => make("/tmp/a\0b"), { code: "ERR_OPTIONS", message: /"path".*NUL/ });
  });
}
