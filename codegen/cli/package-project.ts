/** This package as its own generator sees it: where its parts are, and where what is made of them goes. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { emitApiReport } from "../emit/api-report.ts";
import { emitBarrels, emitDataBarrel, emitRuntime } from "../emit/barrel.ts";
import { emitClasses } from "../emit/class.ts";
import type { Emission } from "../emit/emission.ts";
import { emitMatrix } from "../emit/matrix.ts";
import { type Generated, generate } from "../emit/generate.ts";
import type { Parts } from "../read/model.ts";
import { readTemplates } from "./package-files.ts";
import { compareText } from "../read/problems.ts";
import { type PartFiles, readParts } from "../read/read-parts.ts";
import { makeSchema, partsFor, type Schema } from "../schema/schema.ts";

/** The folder of the classes that the package publishes. */
export const OUTPUT = "generated";
/** The folder of the classes on devices that only tests use. */
export const TEST_OUTPUT = "test/generated";

const EMITTERS = [emitClasses, emitBarrels, emitDataBarrel, emitRuntime, emitMatrix, emitApiReport];
const TEST_EMITTERS = [emitClasses, emitBarrels, emitMatrix];

/** What was made, and of what. */
export interface ProjectOutput extends Generated {
  readonly schema: Schema;
}

/** The files in the folders of `src/` that hold parts, and in the folders below them. */
export function findParts(root: string): PartFiles {
  const list = (folder: string): string[] => sourceFiles(join(root, "src", folder));
  return { framings: list("framings"), devices: list("devices"), roles: list("roles"), modes: list("modes") };
}

/** Generates everything that the project in `root` publishes, in memory. */
export function generateProject(root: string, parts: Parts = readParts(findParts(root))): ProjectOutput {
  const schema = makeSchema(partsFor("users", parts));
  return { ...generate(ownEmission(root, schema), EMITTERS, readDocuments(root)), schema };
}

/** Generates the classes that only the tests of the project in `root` use, in memory. */
export function generateTestClasses(root: string, parts: Parts = readParts(findParts(root))): ProjectOutput {
  const schema = makeSchema(partsFor("tests", parts));
  if (schema.devices.length === 0) return { files: new Map(), documents: new Map(), schema };
  const emission = {
    ...ownEmission(root, schema),
    outputRoot: join(root, TEST_OUTPUT),
    publicModules: [],
    packageName: `${TEST_OUTPUT}/index.ts`,
  };
  return { ...generate(emission, TEST_EMITTERS), schema };
}

function ownEmission(root: string, schema: Schema): Emission {
  return {
    schema,
    render: readTemplates(),
    root,
    outputRoot: join(root, OUTPUT),
    extension: ".ts",
    packaged: () => undefined,
    packageFolder: undefined,
    packageName: "plib-io",
    command: "npm run generate",
    publicModules: [join(root, "src/public.ts")].filter((path) => existsSync(path)),
    dataModules: [join(root, "src/public-data.ts")].filter((path) => existsSync(path)),
  };
}

/** `README.md` and the pages in `docs/`, which may hold generated regions. */
function readDocuments(root: string): Map<string, string> {
  const docs = join(root, "docs");
  const pages = existsSync(docs) ? readdirSync(docs).filter((name) => name.endsWith(".md")) : [];
  const paths = ["README.md", ...pages.toSorted(compareText).map((name) => `docs/${name}`)];
  const present = paths.filter((path) => existsSync(join(root, path)));
  return new Map(present.map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

function sourceFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return paths.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts")).toSorted(compareText);
}
