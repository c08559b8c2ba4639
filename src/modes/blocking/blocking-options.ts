import type { ChannelSettings } from "../../core/channel-settings.ts";
import type { CloseReason } from "../../core/close-reason.ts";
import type { MessageOf } from "../../core/data.ts";
import type { CollectOptions, UntilOptions } from "../../core/exchange/call-plans.ts";
import type { ChannelError } from "../../errors.ts";

/** What every blocking call takes. */
export interface BlockingCallOptions {
  /**
   * How long the call may take, in milliseconds; 0 means no limit.
   *
   * @defaultValue the option `timeoutMs` of the channel
   */
  timeoutMs?: number;
}

/** What a blocking call that waits for a reply takes. */
export interface BlockingReplyOptions<Message> extends BlockingCallOptions, UntilOptions<Message> {}

/** What a blocking call that waits for several messages takes. */
export interface BlockingCollectOptions<Message> extends BlockingCallOptions, CollectOptions<Message> {}

/** The settings and the hooks of a blocking channel. Its hooks return no promises: nobody could wait for them. */
export interface BlockingChannelOptions<
  Encoding extends BufferEncoding | undefined,
  Self,
> extends ChannelSettings<Encoding> {
  /** Called once for each complete message. */
  processData?(data: MessageOf<Encoding>, channel: Self): void;
  /** Called after each pass of the exchange: whether it is over. */
  queryDone?(channel: Self): boolean;
  /** Called when the channel is open, before anything is sent or received. */
  onConnect?(channel: Self): void;
  /** Called when the channel is closed and everything is released, with the reason. */
  onClose?(channel: Self, reason: CloseReason): void;
  /** Called with a fault that no call was waiting for. */
  onError?(error: ChannelError, channel: Self): void;
}
