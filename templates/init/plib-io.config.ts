import { defineConfig } from "plib-io/config";

// Read by `npx plib-io generate`, without being run: write things out, or use constants of this file.
export default defineConfig({
  // Your framings, each "FILE#Class". The files are read as source and never run.
  framings: ["src/framings/block.ts#BlockFraming"],

  // Where the classes go. Commit them, or generate them before each build; `npx plib-io generate --check` compares.
  out: "src/channels",

  // What to make classes for. Without these lines: everything that the framing fits.
  // modes: ["async"], // or "blocking"
  // devices: ["socket"], // or "serial"
  // roles: ["client", "server", "base-request-handler"], // or "persistent", "persistent-request-handler"

  // What relative imports end with, where your tsconfig.json does not tell: ".js", ".ts" or "".
  // extension: ".js",
});
