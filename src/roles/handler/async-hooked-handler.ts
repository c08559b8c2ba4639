import type { MessageOf } from "../../core/data.ts";
import type { FramingClass } from "../../core/framing.ts";
import { AsyncRequestHandler, type AsyncRequestHandlerOptions } from "./async-request-handler.ts";

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
