import type { ChannelLimits } from "../core/channel-settings.ts";
import { checkQueue } from "../core/limits.ts";

/** What a client was given to send while nothing could be sent. */
export class EarlyPayloads {
  readonly #settings: ChannelLimits;
  #payloads: Uint8Array[] = [];
  #length = 0;

  constructor(settings: ChannelLimits) {
    this.#settings = settings;
  }

  /** Whether there is anything. */
  get isEmpty(): boolean {
    return this.#payloads.length === 0;
  }

  /**
   * Adds a payload, which must not be changed until it has left.
   *
   * @throws FramingError if the framing cannot carry it, BackPressureError if more than `maxQueuedBytes` would wait.
   */
  add(payload: Uint8Array): void {
    this.check(payload);
    checkQueue(this.#length, payload.length, this.#settings.maxQueuedBytes);
    this.#payloads.push(payload);
    this.#length += payload.length;
  }

  /**
   * Tells what cannot be sent before anything is opened for it.
   *
   * @throws FramingError if the framing cannot carry the payload.
   */
  check(payload: Uint8Array): void {
    this.#settings.makeFraming().encode(payload);
  }

  /** Takes everything out, in order. */
  takeAll(): readonly Uint8Array[] {
    const payloads = this.#payloads;
    if (payloads.length === 0) return payloads;
    this.#payloads = [];
    this.#length = 0;
    return payloads;
  }
}
