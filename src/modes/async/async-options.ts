import type { ChannelSettings } from "../../core/channel-settings.ts";
import type { CloseReason } from "../../core/close-reason.ts";
import type { MessageOf } from "../../core/data.ts";
import type { CollectOptions, UntilOptions } from "../../core/exchange/call-plans.ts";
import type { ChannelError } from "../../errors.ts";

/** What every asynchronous call takes. */
export interface AsyncCallOptions {
  /** Ends the call when it aborts: the promise rejects with its `reason`. */
  signal?: AbortSignal;
  /** How long the call may take, in milliseconds; 0 means no limit. */
  timeoutMs?: number;
}

/** What an asynchronous call that waits for a reply takes. */
export interface AsyncReplyOptions<Message> extends AsyncCallOptions, UntilOptions<Message> {}

/** What an asynchronous call that waits for several messages takes. */
export interface AsyncCollectOptions<Message> extends AsyncCallOptions, CollectOptions<Message> {}

/** The settings and the hooks of an asynchronous channel. */
export interface AsyncChannelOptions<
  Encoding extends BufferEncoding | undefined,
  Self,
> extends ChannelSettings<Encoding> {
  /** Called once for each complete message; the next message waits for a promise that it returns. */
  processData?(data: MessageOf<Encoding>, channel: Self): void | Promise<void>;
  /** Called after each pass of the exchange: whether it is over. */
  queryDone?(channel: Self): boolean | Promise<boolean>;
  /** Called when the channel is open, before anything is sent or received. */
  onConnect?(channel: Self): void | Promise<void>;
  /** Called when the channel is closed and everything is released, with the reason. */
  onClose?(channel: Self, reason: CloseReason): unknown;
  /** Called with a fault that no call was waiting for. */
  onError?(error: ChannelError, channel: Self): unknown;
}
