/** What is called when a signal aborts; one listener a signal, for Node.js warns of signals with more than ten. */
const watchers = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `aborted` once, when the signal aborts.
 *
 * @returns a function that takes that back.
 */
export function onAbort(signal: AbortSignal, aborted: () => void): () => void {
  const all = watchers.get(signal) ?? watch(signal);
  // A function of its own, so that the same one may be given twice.
  const call = (): void => aborted();
  all.add(call);
  return () => {
    all.delete(call);
    if (all.size === 0) unwatch(signal);
  };
}

const listeners = new WeakMap<AbortSignal, () => void>();

function watch(signal: AbortSignal): Set<() => void> {
  const all = new Set<() => void>();
  const listener = (): void => {
    unwatch(signal);
    for (const call of all) call();
  };
  watchers.set(signal, all);
  listeners.set(signal, listener);
  signal.addEventListener("abort", listener, { once: true });
  return all;
}

function unwatch(signal: AbortSignal): void {
  const listener = listeners.get(signal);
  if (listener !== undefined) signal.removeEventListener("abort", listener);
  watchers.delete(signal);
  listeners.delete(signal);
}
