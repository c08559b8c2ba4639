/** Preloaded (`node --import`) to run the package as where `koffi` is not installed. Tests themselves may load it. */
import Module from "node:module";

type Resolve = (request: string, parent?: { readonly filename?: string }, ...more: readonly unknown[]) => string;

const loader = Module as unknown as { _resolveFilename: Resolve };
const resolve = loader._resolveFilename;
loader._resolveFilename = (request, parent, ...more) => {
  if (request !== "koffi" || parent?.filename?.includes("/src/system/") !== true)
    return resolve(request, parent, ...more);
  throw Object.assign(new Error("Cannot find module 'koffi'"), { code: "MODULE_NOT_FOUND" });
};
