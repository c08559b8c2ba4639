import type { ChannelLimits } from "../core/channel-settings.ts";
import type { Deadlines } from "../core/deadlines.ts";
import { gather } from "../core/gather.ts";
import { checkQueue } from "../core/limits.ts";
import { type ChannelError, TimeoutError } from "../errors.ts";
import type { AsyncTransport } from "./async-transport.ts";

/** What waits to be sent over a transport, and the deadline for the other end to take it. */
export class AsyncOutbox {
  readonly #transport: AsyncTransport<unknown>;
  readonly #settings: Pick<ChannelLimits, "maxQueuedBytes" | "writeTimeoutMs">;
  readonly #deadlines: Pick<Deadlines<"write">, "set" | "has">;
  #pieces: Uint8Array[] = [];
  #length = 0;
  #isFlushScheduled = false;
  /** How much had been written when the deadline was set. */
  #progress = 0;

  /** @param deadlines holds the deadline `write`; when it passes, ask {@link stalled}. */
  constructor(
    transport: AsyncTransport<unknown>,
    settings: Pick<ChannelLimits, "maxQueuedBytes" | "writeTimeoutMs">,
    deadlines: Pick<Deadlines<"write">, "set" | "has">,
  ) {
    this.#transport = transport;
    this.#settings = settings;
    this.#deadlines = deadlines;
  }

  /** Bytes that wait, here and in the transport. */
  get queuedBytes(): number {
    return this.#length + this.#transport.queuedBytes;
  }

  /** Bytes that wait here, to be given to the transport. */
  get length(): number {
    return this.#length;
  }

  /**
   * Adds the bytes of one message.
   *
   * @throws BackPressureError if more than `maxQueuedBytes` would wait. Nothing is added then.
   */
  add(encoded: Uint8Array | readonly Uint8Array[]): void {
    const pieces = encoded instanceof Uint8Array ? [encoded] : encoded;
    let size = 0;
    for (const piece of pieces) size += piece.length;
    checkQueue(this.queuedBytes, size, this.#settings.maxQueuedBytes);
    this.#pieces.push(...pieces);
    this.#length += size;
  }

  /** Sends soon: what is added in one go leaves in one write. */
  scheduleFlush(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    queueMicrotask(() => this.flush());
  }

  /** Gives everything to the transport. */
  flush(): void {
    this.#isFlushScheduled = false;
    if (this.#length === 0) return;
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#length = 0;
    this.#transport.write(gather(pieces));
    if (this.#transport.queuedBytes > 0 && !this.#deadlines.has("write")) {
      this.#progress = this.#transport.bytesWritten;
      this.#deadlines.set("write", this.#settings.writeTimeoutMs);
    }
  }

  /** Drops everything. */
  clear(): void {
    this.#pieces = [];
    this.#length = 0;
  }

  /** Called at the deadline: an error if the other end has taken nothing since it was set, else a new deadline. */
  stalled(): ChannelError | undefined {
    const { queuedBytes, bytesWritten } = this.#transport;
    if (queuedBytes === 0) return undefined;
    const { writeTimeoutMs } = this.#settings;
    if (bytesWritten !== this.#progress) {
      this.#progress = bytesWritten;
      this.#deadlines.set("write", writeTimeoutMs);
      return undefined;
    }
    const text = `the other end took no byte for ${writeTimeoutMs} ms; ${queuedBytes} bytes were left to send`;
    return new TimeoutError("ERR_WRITE_TIMEOUT", text, { bytesWritten });
  }
}
