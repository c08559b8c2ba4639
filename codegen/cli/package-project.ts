/** This package as its own generator sees it: where its parts are, and where what is made of them goes. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { emitApiReport } from "../emit/api-report.ts";
import { emitBarrels, emitDataBarrel, emitRuntime } from "../emit/barrel.ts";
import { emitClasses } from "../emit/class.ts";
import type { Emission } from "../emit/emission.ts";
import { emitMatrix } from "../emit/matrix.ts";
import { type Generated, generate } from "../emit/generate.ts";
import { readTemplates } from "./package-files.ts";
import { compareText } from "../read/problems.ts";
import { type PartFiles, readParts } from "../read/read-parts.ts";
import { makeSchema, type Schema } from "../schema/schema.ts";

/** The folder that the package's own classes are generated into. */
export const OUTPUT = "generated";

const EMITTERS = [emitClasses, emitBarrels, emitDataBarrel, emitRuntime, emitMatrix, emitApiReport];

/** The files in the folders of `src/` that hold parts. */
export function findParts(root: string): PartFiles {
  const list = (folder: string): string[] => sourceFiles(join(root, "src", folder));
  return { framings: list("framings"), devices: list("devices"), roles: list("roles"), modes: list("modes") };
}

/** Generates everything for the project in `root`, in memory. */
export function generateProject(root: string): Generated & { readonly schema: Schema } {
  const schema = makeSchema(readParts(findParts(root)));
  return { ...generate(ownEmission(root, schema), EMITTERS, readDocuments(root)), schema };
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
  const names = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"));
  return names.toSorted(compareText).map((name) => join(folder, name));
}
