import test from "ava";
import { exportsFrom, importsFrom, type ImportResolver, specifierOf } from "../../../codegen/emit/import-targets.ts";
import type { ImportTarget } from "../../../codegen/read/model.ts";

const runtime = "/app/node_modules/plib-io/src/";
const own: ImportResolver = { outputRoot: "/project/generated", extension: ".ts", packaged: () => undefined };
const users: ImportResolver = {
  outputRoot: "/app/src/channels",
  extension: ".js",
  packaged: ({ target }) =>
    target.kind === "file" && target.path.startsWith(runtime) ? "plib-io/runtime/x" : undefined,
};
const file = (path: string): ImportTarget => ({ kind: "file", path });

test("files are imported by their path, modules by their name", (t) => {
  t.is(specifierOf(own, "async/a.ts", file("/project/src/roles/client.ts")), "../../src/roles/client.ts");
  t.is(specifierOf(own, "index.ts", file("/project/generated/async/a.ts")), "./async/a.ts");
  t.is(specifierOf(own, "index.ts", { kind: "module", specifier: "node:net" }), "node:net");
});

test("the extension is what the user's compiler wants", (t) => {
  const specifiers = (extension: ImportResolver["extension"]): string[] =>
    ["/app/src/nmea.ts", "/app/src/nmea.mts", "/app/src/nmea.cts"].map((path) =>
      specifierOf({ ...users, extension }, "async/a.ts", file(path)),
    );
  t.deepEqual(specifiers(".js"), ["../../nmea.js", "../../nmea.mjs", "../../nmea.cjs"]);
  t.deepEqual(specifiers(".ts"), ["../../nmea.ts", "../../nmea.mts", "../../nmea.cts"]);
  t.deepEqual(specifiers(""), ["../../nmea", "../../nmea.mjs", "../../nmea.cjs"]);
});

const from = (name: string, path: string, isValue: boolean, localName = name) => ({
  exportName: name,
  localName,
  target: file(path),
  isValue,
});

test("one declaration for each module: types marked, sorted, without twins", (t) => {
  const imports = [
    from("connectAsyncSocket", `${runtime}devices/socket.ts`, true),
    from("SocketLink", `${runtime}devices/socket.ts`, false),
    from("Data", `${runtime}core/data.ts`, false),
    from("Data", `${runtime}core/data.ts`, false),
    from("Nmea", "/app/src/nmea.ts", false),
    from("Nmea", "/app/src/nmea.ts", true),
    from("Crc", "/app/src/crc.ts", false, "Check"),
    from("*", "/app/src/all.ts", false, "all"),
    from("default", "/app/src/one.ts", false, "one"),
  ];
  t.deepEqual(importsFrom(users, "async/a.ts", imports), [
    { names: "type * as all", module: '"../../all.js"' },
    { names: "type { Crc as Check }", module: '"../../crc.js"' },
    { names: "{ Nmea }", module: '"../../nmea.js"' },
    { names: "type one", module: '"../../one.js"' },
    { names: "{ connectAsyncSocket, type Data, type SocketLink }", module: '"plib-io/runtime/x"' },
  ]);
});

test("exports are listed likewise", (t) => {
  const names = [
    from("AsyncClient", "/project/src/roles/client.ts", true),
    from("ClientOptions", "/project/src/roles/client.ts", false),
    from("Data", "/project/src/core/data.ts", false),
  ];
  t.deepEqual(exportsFrom(own, "runtime/a.ts", names), [
    { names: "type { Data }", module: '"../../src/core/data.ts"' },
    { names: "{ AsyncClient, type ClientOptions }", module: '"../../src/roles/client.ts"' },
  ]);
});
