import { connectTimeout, type OpenSettings } from "../../core/channel-settings.ts";
import { OpenError } from "../../errors.ts";
import type { AsyncConnect, AsyncTransport } from "./async-transport.ts";

/** Opens a device as a client: one attempt at a time, with a deadline. */
export class AsyncOpener<Link> {
  readonly #connect: (signal: AbortSignal, limitMs?: number) => Promise<AsyncTransport<Link>>;
  readonly #connectTimeoutMs: number;
  #attempt: AbortController | undefined;

  /**
   * @param connect opens the device.
   * @param options the options of the channel, which hold those of the device.
   * @throws OptionsError `ERR_OPTIONS`, naming the option and its value.
   */
  constructor(connect: AsyncConnect<never, Link>, options: OpenSettings) {
    this.#connect = connect(options as never);
    this.#connectTimeoutMs = connectTimeout(options);
  }

  /** Whether an attempt is under way. */
  get isOpening(): boolean {
    return this.#attempt !== undefined;
  }

  /**
   * Opens the device.
   *
   * @param callTimeoutMs after so long {@link cancel} will be called, in milliseconds; 0 means never.
   * @throws OpenError, or the reason that {@link cancel} was given.
   */
  async open(callTimeoutMs = 0): Promise<AsyncTransport<Link>> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    const limit = this.#connectTimeoutMs;
    const expire = (): void =>
      attempt.abort(
        new OpenError("ERR_CONNECT_TIMEOUT", `the channel was not open after ${limit} ms`, { outcome: "not-sent" }),
      );
    const timer = limit === 0 ? undefined : setTimeout(expire, limit);
    try {
      return await this.#connect(attempt.signal, shorter(limit, callTimeoutMs));
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

/** The shorter of two durations, of which 0 means no limit. */
function shorter(a: number, b: number): number {
  return a === 0 || b === 0 ? a + b : Math.min(a, b);
}
