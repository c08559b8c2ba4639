import type { ClientSettings, OpenSettings } from "../../core/channel-settings.ts";
import type { AsyncChannelOptions } from "../../modes/async/async-options.ts";

/** The options of an asynchronous client. */
export interface AsyncClientOptions<Encoding extends BufferEncoding | undefined, Self>
  extends AsyncChannelOptions<Encoding, Self>, OpenSettings, ClientSettings {}
