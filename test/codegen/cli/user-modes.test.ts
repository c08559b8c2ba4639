/** What is generated for users in use: in all modes, and in an editor. */
import { join } from "node:path";
import test from "ava";
import { Project, type ts } from "ts-morph";
import { Foreign } from "../../interop/foreign.ts";
import { compile, plibIo, userProject } from "../user-workspace.ts";

test("a blocking client, and a server whose processes load the user's module", async (t) => {
  const folder = userProject(t, {
    "src/handler.ts": `
import { BlockingBaseRequestHandlerWithTab } from "./channels/index.js";
export default class Reversed extends BlockingBaseRequestHandlerWithTab<"utf8"> {
  override processData(data: string): void {
    this.start([...data].reverse().join("") + " " + String(process.pid));
  }
}
`,
    "src/server.ts": `
import { BlockingSocketServerWithTab } from "./channels/index.js";
const handler = new URL("./handler.js", import.meta.url);
const server = new BlockingSocketServerWithTab({ host: "127.0.0.1", port: 0, handler, tabs: 3, encoding: "utf8" });
await server.listen();
console.log(process.pid, server.address().port);
process.stdin.once("end", () => void server.close()).resume();
`,
    "src/client.ts": `
import { SocketClientWithTab } from "./channels/blocking.js";
const client = new SocketClientWithTab({ host: "127.0.0.1", port: Number(process.argv[2]), tabs: 3 });
console.log(client.clientCommunicate("abc").toString());
`,
  });
  t.is((await plibIo(folder, ["generate", "--framing", "src/tab.ts"])).status, 0);
  t.deepEqual(compile(folder), []);
  await using server = new Foreign(process.execPath, [join(folder, "dist/server.js")]);
  const [, pid, port = ""] = await server.line(/^(\d+) (\d+)$/);
  await using client = new Foreign(process.execPath, [join(folder, "dist/client.js"), port]);
  const [, reply, handlerPid] = /^(\w+) (\d+)\n$/.exec(await client.output()) ?? [];
  t.is(reply, "cba");
  t.not(handlerPid, pid);
  server.child.stdin.end();
  await server.output();
  t.is(server.child.exitCode, 0);
});

test("hovering and completing are as with the package's own classes", async (t) => {
  const text = `import { AsyncSocketClientWithTab } from "./channels/index.js";\nnew AsyncSocketClientWithTab({ });\n`;
  const folder = userProject(t, { "src/main.ts": text });
  t.is((await plibIo(folder, ["generate", "--framing", "src/tab.ts"])).status, 0);
  const project = new Project({ tsConfigFilePath: join(folder, "tsconfig.json") });
  const service = project.getLanguageService().compilerObject;
  const file = join(folder, "src/main.ts");
  const plain = (parts: readonly ts.SymbolDisplayPart[] | undefined): string =>
    (parts ?? []).map((part) => part.text).join("");

  const hover = service.getQuickInfoAtPosition(file, text.indexOf("AsyncSocketClientWithTab"));
  t.regex(
    plain(hover?.documentation),
    /^Asynchronous client over a TCP or Unix socket, with tab framing\..*Each message ends with a tab\./s,
  );
  const example = plain(hover?.tags?.find((tag) => tag.name === "example")?.text);
  t.true(example.startsWith('import { AsyncSocketClientWithTab } from "./channels/index.js";'));

  const position = text.indexOf("{ }") + 2;
  const entries = service.getCompletionsAtPosition(file, position, {})?.entries.map((entry) => entry.name) ?? [];
  for (const name of ["tabs", "host", "port", "timeoutMs", "encoding"]) t.true(entries.includes(name), name);
  for (const name of entries) {
    const details = service.getCompletionEntryDetails(file, position, name, {}, undefined, {}, undefined);
    t.not(plain(details?.documentation), "", name);
  }
  const tabs = service.getCompletionEntryDetails(file, position, "tabs", {}, undefined, {}, undefined);
  t.is(plain(tabs?.documentation), "How many tabs end a message.");
});
