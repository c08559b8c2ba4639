/**
 * Access to the system's C library through `koffi`, an optional dependency. It is loaded on first use, never by an import.
 * No other folder of the package may import it.
 */
import { createRequire } from "node:module";
import { type SystemConstants, systemConstants } from "./constants.ts";

/** What a foreign function takes: numbers, texts, and memory, which is passed as a pointer. */
export type ForeignValue = number | string | NodeJS.TypedArray | null;

/**
 * Declares a function of the C library.
 *
 * @param prototype in C. Memory is `void *`, `ssize_t` is `long`, and what is variadic in C has to be so here too.
 */
// The prototype is text: only its author knows the types.
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export type Declare = <Values extends readonly ForeignValue[]>(prototype: string) => (...values: Values) => number;

/** The C library, ready to be called. */
export interface SystemLibrary {
  readonly constants: SystemConstants;
  readonly declare: Declare;
  /** The error number of the last call in this thread. It has to be read in the very next statement. */
  readonly errno: () => number;
}

/** The part of `koffi` that is used here. */
interface Koffi {
  readonly load: (path: null) => { func(prototype: string): (...values: readonly ForeignValue[]) => number };
  readonly errno: () => number;
}

type Loading = { readonly library: SystemLibrary } | { readonly reason: string };

let loading: Loading | undefined;

/** The C library; `undefined` where it cannot be called: {@link whyNoSystemLibrary} has the reason. */
export function systemLibrary(): SystemLibrary | undefined {
  loading ??= load();
  return "library" in loading ? loading.library : undefined;
}

/**
 * Why the C library cannot be called here, and what to do about it, as a clause for an error message; `undefined` if it can
 * be called.
 */
export function whyNoSystemLibrary(): string | undefined {
  loading ??= load();
  return "reason" in loading ? loading.reason : undefined;
}

/**
 * Declares functions on first use.
 *
 * @returns what declares them at its first call, and returns them. To be called only where {@link systemLibrary} has
 * answered.
 */
export function foreignFunctions<Functions>(declare: (library: SystemLibrary) => Functions): () => Functions {
  let functions: Functions | undefined;
  return () => {
    functions ??= declare(loadedLibrary());
    return functions;
  };
}

/** The C library where it is known to be there. */
export function loadedLibrary(): SystemLibrary {
  const library = systemLibrary();
  if (library === undefined) throw new TypeError(`the C library cannot be called: ${whyNoSystemLibrary()}`);
  return library;
}

function load(): Loading {
  const constants = systemConstants();
  if (constants === undefined)
    return { reason: `the system calls of ${process.platform} on ${process.arch} are not known to this package` };
  try {
    const { load: open, errno } = createRequire(import.meta.url)("koffi") as Koffi;
    const library = open(null);
    return { library: { constants, declare: (prototype) => library.func(prototype), errno } };
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code ?? "") {
    case "MODULE_NOT_FOUND":
    case "ERR_MODULE_NOT_FOUND":
      return 'the package "koffi" is not installed; install it: npm install koffi';
    case "ERR_DLOPEN_DISABLED":
      return 'native addons are forbidden in this process; allow them for the package "koffi"';
    case "ERR_ACCESS_DENIED":
      return 'the permission model does not allow the package "koffi"; allow addons and reading its files';
    default:
      return `the package "koffi" cannot be loaded (${message})`;
  }
}
