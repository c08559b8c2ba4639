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

/** Calls a hook, and `failed` with what it throws. */
export function attempt(hook: () => void, failed: (thrown: unknown) => void): void {
  try {
    hook();
  } catch (thrown) {
    failed(thrown);
  }
}

/** Throws what has nobody left to go to, where it breaks nothing that is under way: as an uncaught exception. */
export function throwLater(thrown: unknown): void {
  process.nextTick(() => {
    throw thrown;
  });
}
