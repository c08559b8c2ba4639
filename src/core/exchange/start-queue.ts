import type { CheckedSettings } from "../channel-settings.ts";
import { checkQueue } from "../limits.ts";

/** Who gave a payload to be sent: nobody's call, or a call of the client. */
export type Origin = object | undefined;

/** What a client was given to send while no connection could carry it, in order. */
export class StartQueue {
  readonly #limits: Pick<CheckedSettings, "makeFraming" | "maxQueuedBytes">;
  #entries: { readonly payload: Uint8Array; readonly size: number; readonly origin: Origin }[] = [];
  #size = 0;

  constructor(limits: Pick<CheckedSettings, "makeFraming" | "maxQueuedBytes">) {
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /**
   * Adds a payload, which must not be changed until it has left.
   *
   * @throws FramingError if the framing cannot carry it, BackPressureError if more than `maxQueuedBytes` would wait.
   */
  add(payload: Uint8Array, origin: Origin): void {
    const size = this.check(payload);
    this.#entries.push({ payload, size, origin });
    this.#size += size;
  }

  /**
   * How many bytes a payload is on the wire.
   *
   * @param isAlone whether it may wait until there is room.
   * @throws FramingError if the framing cannot carry it, BackPressureError if it does not fit behind what waits.
   */
  check(payload: Uint8Array, isAlone = false): number {
    const encoded = this.#limits.makeFraming().encode(payload);
    const pieces = encoded instanceof Uint8Array ? [encoded] : encoded;
    const size = pieces.reduce((total, piece) => total + piece.length, 0);
    checkQueue(isAlone ? 0 : this.#size, size, this.#limits.maxQueuedBytes);
    return size;
  }

  /** Takes everything out, in order. */
  takeAll(): readonly Uint8Array[] {
    const payloads = this.#entries.map(({ payload }) => payload);
    this.#entries = [];
    this.#size = 0;
    return payloads;
  }

  /** Drops what came of one origin. */
  drop(origin: Origin): void {
    if (this.isEmpty) return;
    this.#entries = this.#entries.filter((entry) => entry.origin !== origin);
    this.#size = this.#entries.reduce((total, { size }) => total + size, 0);
  }
}
