import test from "ava";
import { importLines, type ImportResolver, specifierOf } from "../../codegen/import-targets.ts";
import type { ImportTarget } from "../../codegen/model.ts";

const own: ImportResolver = { outputRoot: "/project/generated", extension: ".ts", packages: [] };
const users: ImportResolver = {
  outputRoot: "/app/src/channels",
  extension: ".js",
  packages: [{ folder: "/app/node_modules/plib-io/src", specifier: "plib-io" }],
};
const file = (path: string): ImportTarget => ({ kind: "file", path });

test("the package's own classes import its source by path", (t) => {
  t.is(specifierOf(own, "async/a.ts", file("/project/src/roles/client.ts")), "../../src/roles/client.ts");
  t.is(specifierOf(own, "index.ts", file("/project/generated/async/a.ts")), "./async/a.ts");
  t.is(specifierOf(own, "index.ts", { kind: "module", specifier: "node:net" }), "node:net");
});

test("users' classes import the package by its name, and their own framing by its path", (t) => {
  t.is(specifierOf(users, "async/a.ts", file("/app/node_modules/plib-io/src/roles/client.ts")), "plib-io");
  t.is(specifierOf(users, "async/a.ts", file("/app/src/nmea.ts")), "../../nmea.js");
  t.is(
    specifierOf(users, "a.ts", file("/app/node_modules/plib-io/srcx/y.mts")),
    "../../node_modules/plib-io/srcx/y.mjs",
  );
});

test("one declaration for each module: types marked, sorted, without twins", (t) => {
  const from = (name: string, path: string, isValue: boolean, localName = name) => ({
    exportName: name,
    localName,
    target: file(path),
    isValue,
  });
  const imports = [
    from("connectAsyncSocket", "/app/node_modules/plib-io/src/devices/socket.ts", true),
    from("SocketLink", "/app/node_modules/plib-io/src/devices/socket.ts", false),
    from("Data", "/app/node_modules/plib-io/src/core/data.ts", false),
    from("Data", "/app/node_modules/plib-io/src/core/data.ts", false),
    from("Nmea", "/app/src/nmea.ts", false),
    from("Nmea", "/app/src/nmea.ts", true),
    from("Crc", "/app/src/crc.ts", false, "Check"),
    from("*", "/app/src/all.ts", false, "all"),
    from("default", "/app/src/one.ts", false, "one"),
  ];
  t.deepEqual(importLines(users, "async/a.ts", imports), [
    'import type * as all from "../../all.js";',
    'import type { Crc as Check } from "../../crc.js";',
    'import { Nmea } from "../../nmea.js";',
    'import type one from "../../one.js";',
    'import { connectAsyncSocket, type Data, type SocketLink } from "plib-io";',
  ]);
});
