import type { CheckedSettings } from "../../core/channel-settings.ts";
import { messageCutOff } from "../../core/exchange/receive-errors.ts";
import { hookError, isPromise } from "../../core/hooks.ts";
import type { MessageReader } from "../../core/messages/message-reader.ts";
import type { ChannelError } from "../../errors.ts";
import type { AsyncTransport } from "./async-transport.ts";

/** Received bytes that may wait while a message is being processed; with more, the other end has to wait too. */
const HIGH_WATER_MARK = 65_536;

/** The connection around an {@link AsyncDelivery}. */
export interface DeliveryHost<Message> {
  /** Whether a message may be delivered now, as far as the connection is concerned. */
  isReady(): boolean;
  /** Delivers a message that took `size` bytes. The next one waits for a promise that is returned. */
  deliver(message: Message, size: number): unknown;
  /** Bad bytes came. */
  misread(error: ChannelError): void;
  /** A hook failed. */
  hookFailed(error: ChannelError): void;
  /** All that can be delivered now was delivered. */
  settled(): void;
}

/** Delivers the messages of a connection, one after another, and makes the other end wait when that takes long. */
export class AsyncDelivery<Message extends string | Buffer> {
  readonly #reader: MessageReader<Message>;
  readonly #transport: AsyncTransport<unknown>;
  readonly #host: DeliveryHost<Message>;
  readonly #settings: Pick<CheckedSettings, "interByteTimeoutMs">;
  /** `"held"`: a hook is busy, with a message or before the first one. */
  #state: "idle" | "delivering" | "held" = "held";
  #isPaused = false;
  /** A message that was read to find out whether there is one. */
  #next: Message | undefined;

  constructor(
    reader: MessageReader<Message>,
    transport: AsyncTransport<unknown>,
    settings: Pick<CheckedSettings, "interByteTimeoutMs">,
    host: DeliveryHost<Message>,
  ) {
    this.#settings = settings;
    this.#reader = reader;
    this.#transport = transport;
    this.#host = host;
  }

  /** Whether a hook is busy. */
  get isHeld(): boolean {
    return this.#state === "held";
  }

  /** Whether messages are being delivered at this moment, further up the stack. */
  get isDelivering(): boolean {
    return this.#state === "delivering";
  }

  /**
   * Whether a complete message waits.
   *
   * @throws ChannelError for bad bytes, or an end, in front of it.
   */
  hasNext(): boolean {
    this.#next ??= this.#reader.next();
    return this.#next !== undefined;
  }

  /** Drops what was received and not delivered. */
  flush(): void {
    this.#next = undefined;
    try {
      this.#reader.flush();
    } catch (error) {
      this.#host.misread(error as ChannelError);
    }
    this.run();
  }

  /** The line was silent: a message may be cut off, or complete. While the other end has to wait, that means nothing. */
  silent(): void {
    if (this.#isPaused) return;
    try {
      const isCutOff = this.#reader.silent();
      if (isCutOff) this.#reader.reject(messageCutOff(this.#settings.interByteTimeoutMs, this.#reader.progress), true);
    } catch (error) {
      this.#host.misread(error as ChannelError);
    }
    this.run();
  }

  /** Leaves the message under way behind, or ends the connection. */
  reject(error: ChannelError): void {
    try {
      this.#reader.reject(error);
    } catch (thrown) {
      this.#host.misread(thrown as ChannelError);
    }
    this.run();
  }

  /** Begins to deliver once `prepare` is done. */
  beginAfter(prepare: () => unknown): void {
    try {
      const pending = prepare();
      if (isPromise(pending)) return this.#holdFor(pending);
      this.#state = "idle";
    } catch (thrown) {
      this.#state = "idle";
      return this.#host.hookFailed(hookError(thrown));
    }
    this.run();
  }

  /** Delivers what is complete, as long as nothing stands in the way. */
  run(): void {
    if (this.#state === "delivering") return;
    if (this.#state === "idle" && this.#host.isReady()) {
      this.#resume();
      this.#state = "delivering";
      this.#deliverAll();
      if (this.isDelivering) this.#state = "idle";
    }
    this.#host.settled();
    if (this.isHeld || !this.#host.isReady()) this.#pause();
  }

  #deliverAll(): void {
    try {
      while (this.isDelivering && this.#host.isReady() && this.hasNext()) {
        const message = this.#next as Message;
        this.#next = undefined;
        this.#deliver(message);
      }
    } catch (error) {
      this.#host.misread(error as ChannelError);
    }
  }

  #deliver(message: Message): void {
    try {
      const pending = this.#host.deliver(message, this.#reader.taken);
      if (isPromise(pending)) this.#holdFor(pending);
    } catch (thrown) {
      this.#host.hookFailed(hookError(thrown));
    }
  }

  #holdFor(pending: PromiseLike<unknown>): void {
    this.#state = "held";
    pending.then(
      () => {
        this.#state = "idle";
        this.run();
      },
      (thrown: unknown) => {
        this.#state = "idle";
        this.#host.hookFailed(hookError(thrown));
      },
    );
  }

  #pause(): void {
    if (this.#isPaused || this.#reader.heldBytes < HIGH_WATER_MARK) return;
    this.#isPaused = true;
    this.#transport.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#transport.resume();
  }
}
