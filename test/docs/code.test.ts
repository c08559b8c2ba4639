import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import test from "ava";
import type { FramingClass } from "../../src/core/framing.ts";
import { copyOfProject, root, temporaryFolder, typeErrorsOf, writeFiles } from "../codegen/workspace.ts";
import { framingChecks } from "../../src/testing/framing-checks.ts";
import { joined } from "../../src/testing/readings.ts";
import { foundFramings } from "../support/found-framings.ts";
import { type Block, blocksOf, documents } from "./documents.ts";

const pages = documents(root);
const blocks = [...pages].flatMap(([path, text]) => blocksOf(path, text));

function firstBlockOf(path: string): Block {
  const block = blocks.find(({ place }) => place.startsWith(`${path}:`));
  if (block === undefined) throw new Error(`${path} has no block of TypeScript`);
  return block;
}

test("the documents hold code, and every block of it is a program that compiles", (t) => {
  const programs = blocks.filter(({ path }) => path === undefined);
  t.true(programs.length >= 8);
  const fileOf = ({ place }: Block): string => `${place.replace(/\W/g, "-")}.ts`;
  const errors = typeErrorsOf(t, Object.fromEntries(programs.map((block) => [fileOf(block), block.code])));
  t.deepEqual(errors, []);
});

test("the ten lines of the README do what it says, for whoever types", async (t) => {
  const { code } = firstBlockOf("README.md");
  const lines = code.split("\n").filter((line) => line !== "");
  t.true(lines.length <= 10, `${lines.length} lines`);
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/plib-io"));
  // A port that the system chooses, instead of one that may be in use, and its number for this test.
  const told = code.replace("port: 4001,", "port: 0,\n  serverStart: (self) => console.log(self.address().port),");
  t.notRegex(told, /4001/);
  writeFileSync(join(folder, "program.mjs"), told);
  const program = spawn(process.execPath, ["program.mjs"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  t.teardown(() => program.kill());
  const [port] = (await once(program.stdout, "data")) as [Buffer];
  // What `nc` sends for a line that is typed.
  const socket = connect(Number(String(port)), "127.0.0.1");
  for (const line of ["hello", "again"]) {
    socket.write(`${line}\n`);
    const [answer] = (await once(socket, "data")) as [Buffer];
    t.is(String(answer), `you said: ${line}\n`);
  }
  socket.destroy();
  // As `echo hello | nc` does.
  const piped = connect(Number(String(port)), "127.0.0.1");
  piped.end("hello\n");
  const [reply] = (await once(piped, "data")) as [Buffer];
  t.is(String(reply), "you said: hello\n");
  piped.destroy();
  t.is(program.exitCode, null, "it serves until it is stopped");
  t.true(pages.get("README.md")?.includes("the server answers `you said: hello`."));
});

test("the README lists each framing with what it looks like on the wire", async (t) => {
  const readme = pages.get("README.md") ?? "";
  for (const { suffix } of (await foundFramings()).values()) {
    t.regex(readme, new RegExp(`^\\| \`${suffix === "" ? "basic" : suffix}\` +\\| \\S`, "m"), suffix);
  }
});

test("the framing that is built step by step compiles, and keeps to what every framing has to", async (t) => {
  const { code, path = "" } = firstBlockOf("docs/adding-a-framing.md");
  const folder = copyOfProject(t);
  writeFiles(folder, { [path]: code });
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { stdout } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
  t.is(stdout, "");
  const compiled = join(folder, "dist", path.replace(/\.ts$/, ".js"));
  const module = (await import(pathToFileURL(compiled).href)) as { OctetCountingFraming: FramingClass<object> };
  const create = (): InstanceType<FramingClass<object>> => new module.OctetCountingFraming({}, "client");
  t.is(joined(create().encode(Buffer.from("hello"))).toString(), "5 hello");
  const samples = [Buffer.from("hello"), Buffer.alloc(6000, "x,: 9")];
  for (const [title, check] of Object.entries(framingChecks)) {
    t.is(check({ create, boundary: module.OctetCountingFraming.boundary, samples }), undefined, title);
  }
});

test("links from page to page lead somewhere", (t) => {
  for (const [path, text] of pages) {
    for (const [, target = ""] of text.matchAll(/\]\((?!https?:)([^)#]*)(?:#[^)]*)?\)/g)) {
      if (target === "") continue;
      t.notThrows(() => readFileSync(join(root, path, "..", target)), `${path} links to ${target}`);
    }
  }
});
