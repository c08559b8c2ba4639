/** Hooks of users: how they are called, and where their failures and other faults go. */
import { ChannelError, HookError } from "../errors.ts";

/** Whether a hook returned something to wait for. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

/** What a hook threw, as an error of the channel. */
export function hookError(thrown: unknown): ChannelError {
  if (ChannelError.is(thrown)) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new HookError("ERR_HOOK_FAILED", `a hook failed: ${text}`, { cause: thrown });
}

/**
 * Calls a hook, and `failed` with what it throws or rejects with.
 *
 * @returns a promise that resolves when the hook is done, if the hook returned one.
 */
export function attempt(hook: () => unknown, failed: (thrown: unknown) => void): PromiseLike<unknown> | undefined {
  try {
    const pending = hook();
    return isPromise(pending) ? pending.then(undefined, failed) : undefined;
  } catch (thrown) {
    failed(thrown);
    return undefined;
  }
}

/** Calls `action` with what a hook returned when that is settled: at once, unless it is a promise. */
export function after<Value, Result>(
  pending: Value | PromiseLike<Value>,
  action: (value: Value) => Result | PromiseLike<Result>,
): Result | PromiseLike<Result> {
  return isPromise(pending) ? pending.then(action) : action(pending);
}

/** Throws what has nobody left to go to, where it breaks nothing that is under way: as an uncaught exception. */
export function throwLater(thrown: unknown): void {
  process.nextTick(() => {
    throw thrown;
  });
}

/**
 * Reports a fault that nothing waits for: to the hook `onError` and to the listeners of `error`, where there are any; else
 * to `otherwise`. Where an error ends up, in both modes and for servers and channels alike, is decided here.
 *
 * @param hearers the hook and the listeners, as functions; `undefined` where there is none.
 */
export function routeFault<Fault extends Error>(
  error: Fault,
  hearers: readonly (((error: Fault) => unknown) | undefined)[],
  otherwise: (error: Fault) => void,
): void {
  const present = hearers.filter((hear) => hear !== undefined);
  if (present.length === 0) return otherwise(error);
  // What the hook or a listener itself throws has nobody left to go to.
  for (const hear of present) void attempt(() => hear(error), throwLater);
}

/** The hook of framings that count what they drop between messages; those framings have it among their options. */
export interface DroppedHook {
  onDropped?(count: number): unknown;
}
