/** Where this package lies, and what is in it. The only place that knows how far the compiled generator is from it. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { makeRender, type Render } from "../emit/render.ts";

const root = new URL("../../../", import.meta.url);

/** The absolute path of the folder of this package. */
export const packageFolder: string = fileURLToPath(root).replace(/[\\/]$/, "");

/** What the generator needs to know of the package's `package.json`. */
export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

/** The package's `package.json`. */
export function readManifest(): PackageManifest {
  return JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as PackageManifest;
}

/** The renderer of the package's templates. */
export function readTemplates(): Render {
  return makeRender(new URL("templates/", root));
}

/** The text of a file below `templates/`. */
export function readTemplate(name: string): string {
  return readFileSync(new URL(`templates/${name}`, root), "utf8");
}
