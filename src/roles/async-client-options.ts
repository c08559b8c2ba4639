import type { AsyncOpenOptions } from "../modes/async-opener.ts";
import type { AsyncChannelOptions } from "../modes/async-options.ts";

/** The options of an asynchronous client. */
export interface AsyncClientOptions<Encoding extends BufferEncoding | undefined, Self>
  extends AsyncChannelOptions<Encoding, Self>, AsyncOpenOptions {
  /**
   * Whether the channel stays open after an exchange, for the next.
   *
   * @defaultValue false
   */
  keepAlive?: boolean;
  /**
   * How long a call may take, in milliseconds, unless the call itself says otherwise: from the call to the last reply,
   * waiting for its turn included. Then it fails with `ERR_REPLY_TIMEOUT`; 0 means no limit.
   *
   * @defaultValue 30000
   */
  timeoutMs?: number;
}
