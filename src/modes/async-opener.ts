import { durationOption } from "../core/options.ts";
import { OpenError } from "../errors.ts";
import type { AsyncConnect, AsyncTransport } from "./async-transport.ts";

/** The options of channels that open their device themselves. */
export interface AsyncOpenOptions {
  /**
   * How long opening the channel may take, in milliseconds, name resolution included, before it fails with
   * `ERR_CONNECT_TIMEOUT`; 0 means no limit.
   *
   * @defaultValue 10000
   */
  connectTimeoutMs?: number;
}

const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

/** Opens a device as a client: one attempt at a time, with a deadline. */
export class AsyncOpener<Link> {
  readonly #connect: AsyncConnect<never, Link>;
  readonly #options: AsyncOpenOptions;
  readonly #connectTimeoutMs: number;
  #attempt: AbortController | undefined;

  /**
   * @param connect opens the device.
   * @param options the options of the channel, which hold those of the device.
   */
  constructor(connect: AsyncConnect<never, Link>, options: AsyncOpenOptions) {
    this.#connect = connect;
    this.#options = options;
    this.#connectTimeoutMs = durationOption("connectTimeoutMs", options.connectTimeoutMs, DEFAULT_CONNECT_TIMEOUT_MS);
  }

  /** Whether an attempt is under way. */
  get isOpening(): boolean {
    return this.#attempt !== undefined;
  }

  /**
   * Opens the device.
   *
   * @throws OpenError, or the reason that {@link cancel} was given.
   */
  async open(): Promise<AsyncTransport<Link>> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    const limit = this.#connectTimeoutMs;
    const expire = (): void =>
      attempt.abort(new OpenError("ERR_CONNECT_TIMEOUT", `the channel was not open after ${limit} ms`));
    const timer = limit === 0 ? undefined : setTimeout(expire, limit);
    try {
      return await this.#connect(this.#options as never, attempt.signal);
    } finally {
      clearTimeout(timer);
      this.#attempt = undefined;
    }
  }

  /** Ends the attempt that is under way: it fails with `reason`. */
  cancel(reason: unknown): void {
    this.#attempt?.abort(reason);
  }
}
