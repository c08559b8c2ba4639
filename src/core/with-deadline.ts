import { onAbort } from "./abort-watch.ts";
import { durationOption } from "./options.ts";

/**
 * The result of `work`, unless a signal aborts or a time passes before: then the promise rejects, and what the work comes
 * to is of no interest any more.
 *
 * @param late the error when the time has passed.
 * @throws OptionsError `ERR_OPTIONS` for a time that is none.
 */
export async function withDeadline<Result>(
  work: Promise<Result>,
  options: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
  late: (timeoutMs: number) => Error,
): Promise<Result> {
  const { signal } = options;
  // Whoever is told of the abort is not told of a failure after it.
  work.catch(() => undefined);
  signal?.throwIfAborted();
  const timeoutMs = durationOption("timeoutMs", options.timeoutMs, 0);
  if (signal === undefined && timeoutMs === 0) return await work;
  let timer: NodeJS.Timeout | undefined;
  let unwatch: (() => void) | undefined;
  const cut = new Promise<never>((_, reject) => {
    if (signal !== undefined) unwatch = onAbort(signal, () => reject(signal.reason));
    if (timeoutMs > 0) timer = setTimeout(() => reject(late(timeoutMs)), timeoutMs);
  });
  try {
    return await Promise.race([work, cut]);
  } finally {
    clearTimeout(timer);
    unwatch?.();
  }
}

/** Work that several callers wait for, each for as long as it likes. */
export class SharedWork<Result> {
  readonly #work: Promise<Result>;
  readonly #cancel: (reason: unknown) => void;
  #callers = 0;

  /** @param cancel ends the work, which settles then; called when the last caller has given up, with its error. */
  constructor(work: Promise<Result>, cancel: (reason: unknown) => void) {
    this.#work = work;
    this.#cancel = cancel;
  }

  /** Waits as {@link within} does. The last caller that gives up waits for the end of the work. */
  async withDeadline(
    options: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
    late: (timeoutMs: number) => Error,
  ): Promise<Result> {
    this.#callers++;
    try {
      return await withDeadline(this.#work, options, late);
    } catch (error) {
      if (this.#callers === 1) {
        this.#cancel(error);
        await this.#work.catch(() => undefined);
      }
      throw error;
    } finally {
      this.#callers--;
    }
  }
}
