/** What servers of both modes ask of their handlers, and keep from them. */
import type { FramingClass } from "./framing.ts";
import { badOption } from "./options.ts";

/** The options that are a server's own; all others are passed on to its handlers. */
export const SERVER_HOOKS = [
  "processData",
  "queryDone",
  "onAccept",
  "onClose",
  "onError",
  "serverStart",
  "serverClose",
  "keepRunning",
] as const;

/**
 * Checks the handler class of a server, if there is one.
 *
 * @param method what a handler of the server's mode can be called by.
 * @param mode the mode in words.
 * @throws OptionsError `ERR_OPTIONS` for a handler that does not fit the server.
 */
export function checkHandler(
  options: { readonly handler?: unknown; readonly processData?: unknown; readonly queryDone?: unknown },
  framing: FramingClass,
  method: symbol,
  mode: string,
): void {
  const { handler } = options;
  if (handler === undefined) return;
  const prototype = typeof handler === "function" ? (handler.prototype as Record<symbol, unknown>) : undefined;
  if (typeof prototype?.[method] !== "function") {
    const text = `give a class that extends the ${mode} request handler class of the same framing`;
    throw badOption("handler", handler, text);
  }
  if ((handler as { framing?: unknown }).framing !== framing) {
    const text = `its framing is not that of the server: extend the handler class with ${framing.name}`;
    throw badOption("handler", handler, text);
  }
  for (const name of ["processData", "queryDone"] as const) {
    if (options[name] !== undefined)
      throw badOption(name, options[name], "give it in the handler class, not beside it");
  }
}
