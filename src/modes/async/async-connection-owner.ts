import type { CloseReason } from "../../core/close-reason.ts";
import type { ChannelError } from "../../errors.ts";

/** The channel above a connection. */
export interface ConnectionOwner<Message> {
  /** The channel of the user. */
  readonly subject: object;
  /** A complete message, which took `size` bytes. The next one waits for a promise that is returned. */
  deliver(message: Message, size: number): unknown;
  /** All messages were delivered and the other end, which will send no more, waits for this side to close. */
  ended(): void;
  /** All that was queued has been given to the system. */
  drained(): void;
  /** A fault that the connection survives. */
  survived(error: ChannelError): void;
  /** So many bytes between two messages belonged to neither. */
  dropped(count: number): void;
  /** A hook failed when the connection was gone already. */
  failedLate(error: ChannelError): void;
  /** The other end is gone. Messages that came before may follow. */
  gone?(): void;
  /** Everything is released; the last call. */
  closed(reason: CloseReason): void;
}
