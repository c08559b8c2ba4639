import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { Project, type ts } from "ts-morph";
import { generateProject } from "../../codegen/cli/package-project.ts";
import { root } from "./workspace.ts";

const { schema } = generateProject(root);
const project = new Project({ tsConfigFilePath: join(root, "tsconfig.json"), skipAddingFilesFromTsConfig: true });
project.addSourceFilesAtPaths(join(root, "generated/*.ts"));
const service = project.getLanguageService().compilerObject;

/** Puts a program beside `generated/`, in memory only, and gives the position of the `|` in it. */
function place(t: ExecutionContext, text: string): { file: string; position: number } {
  const file = join(root, "examples", `${t.title.replace(/\W+/g, "-")}.ts`);
  project.createSourceFile(file, text.replace("|", ""), { overwrite: true });
  return { file, position: text.indexOf("|") };
}

function plain(parts: readonly ts.SymbolDisplayPart[] | undefined): string {
  return (parts ?? []).map((part) => part.text).join("");
}

test("completing an import offers all classes", (t) => {
  const { file, position } = place(t, 'import { Async| } from "../generated/index.ts";');
  const offered = new Set(service.getCompletionsAtPosition(file, position, {})?.entries.map((entry) => entry.name));
  for (const cell of schema.cells) {
    t.true(offered.has(cell.className), cell.className);
    t.true(offered.has(cell.optionsName), cell.optionsName);
  }
});

test("the barrel of the mode offers the short names", (t) => {
  const { file, position } = place(t, 'import { S| } from "../generated/async.ts";');
  const offered = new Set(service.getCompletionsAtPosition(file, position, {})?.entries.map((entry) => entry.name));
  for (const cell of schema.cells.filter((each) => each.mode.mode === "async"))
    t.true(offered.has(cell.shortName), cell.shortName);
});

test("hovering a class shows its name, its doc and its example", (t) => {
  const name = "AsyncSerialClientWithTerminator";
  const { file, position } = place(t, `import { ${name} } from "../generated/index.ts";\nnew ${name}|({ path: "" });`);
  const info = service.getQuickInfoAtPosition(file, position - 1);
  t.regex(plain(info?.displayParts), new RegExp(`${name}<`));
  const declared = place(t, `import { ${name}| } from "../generated/index.ts";`);
  const hover = service.getQuickInfoAtPosition(declared.file, declared.position - 1);
  t.regex(
    plain(hover?.documentation),
    /^Asynchronous client over a serial line, with terminator framing\.\s+Sends a request and waits for the reply:/,
  );
  const example = hover?.tags?.find((tag) => tag.name === "example");
  t.regex(plain(example?.text), new RegExp(`new ${name}\\(\\{ path: "/dev/ttyUSB0"`));
});

test("completing the constructor's options lists them flat, each with its doc", (t) => {
  for (const name of ["AsyncSocketClientWithTerminator", "AsyncSerialServerWithReadWrite"]) {
    const cell = schema.cells.find((each) => each.className === name);
    const { file, position } = place(t, `import { ${name} } from "../generated/index.ts";\nnew ${name}({ | });`);
    const entries = service.getCompletionsAtPosition(file, position, {})?.entries.map((entry) => entry.name);
    t.deepEqual(entries?.toSorted(), cell?.members.map((member) => member.name).toSorted());
    for (const entry of entries ?? []) {
      const details = service.getCompletionEntryDetails(file, position, entry, {}, undefined, {}, undefined);
      t.not(plain(details?.documentation), "", `${name}: ${entry}`);
    }
  }
});

test("the default of an option is shown", (t) => {
  const text =
    'import { AsyncSocketClientWithTerminator as C } from "../generated/index.ts";\nnew C({ termin|ator: "x" });';
  const { file, position } = place(t, text);
  const info = service.getQuickInfoAtPosition(file, position);
  t.is(plain(info?.tags?.find((tag) => tag.name === "defaultValue")?.text), '`"\\r\\n"`');
});

test("a method shows the doc of the role", (t) => {
  const text =
    'import { AsyncSocketClient as C } from "../generated/index.ts";\nnew C({ port: 1 }).clientComm|unicate("x");';
  const { file, position } = place(t, text);
  t.not(plain(service.getQuickInfoAtPosition(file, position)?.documentation), "");
});
