import type { MessageOf } from "../core/data.ts";
import type { FramingClass } from "../core/framing.ts";
import { badOption } from "../core/options.ts";
import { type Attachable, attach } from "../modes/attachment.ts";
import { AsyncRequestHandler, type AsyncRequestHandlerOptions } from "./async-request-handler.ts";

/** The options that are the server's own; all others are passed on to its handlers. */
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

/** The hooks of a server that serve its connections. */
export interface ServerHooks<Encoding extends BufferEncoding | undefined, Link> {
  processData(data: MessageOf<Encoding>, channel: AsyncRequestHandler<Encoding, Link>): void | Promise<void>;
  queryDone(channel: AsyncRequestHandler<Encoding, Link>): boolean | Promise<boolean>;
}

/** The handler of a server without a handler class: the server's own hooks serve. */
export class HookedHandler<Encoding extends BufferEncoding | undefined, Link> extends AsyncRequestHandler<
  Encoding,
  Link
> {
  readonly #server: ServerHooks<Encoding, Link>;

  constructor(
    options: AsyncRequestHandlerOptions<Encoding, never>,
    framing: FramingClass,
    server: ServerHooks<Encoding, Link>,
  ) {
    super(options, framing);
    this.#server = server;
  }

  override processData(data: MessageOf<Encoding>): void | Promise<void> {
    return this.#server.processData(data, this);
  }

  override queryDone(): boolean | Promise<boolean> {
    return this.#server.queryDone(this);
  }
}

/**
 * @throws OptionsError `ERR_OPTIONS` for a handler that does not fit the server.
 */
export function checkHandler(
  options: { handler?: unknown; processData?: unknown; queryDone?: unknown },
  framing: FramingClass,
): void {
  const { handler } = options;
  if (handler === undefined) return;
  const prototype = typeof handler === "function" ? (handler.prototype as Partial<Attachable<unknown>>) : undefined;
  if (typeof prototype?.[attach] !== "function") {
    throw badOption(
      "handler",
      handler,
      "give a class that extends an asynchronous request handler class of this package",
    );
  }
  if ((handler as { framing?: unknown }).framing !== framing) {
    throw badOption(
      "handler",
      handler,
      `its framing is not that of the server: extend the handler class with ${framing.name}`,
    );
  }
  for (const name of ["processData", "queryDone"] as const) {
    if (options[name] !== undefined)
      throw badOption(name, options[name], "give it in the handler class, not beside it");
  }
}
