import { constants } from "node:os";
import { isMainThread } from "node:worker_threads";

/** Node.js's own handle for a signal. */
interface SignalHandle {
  onsignal: (signal: number) => void;
  start(signal: number): number;
  unref(): void;
  close(): void;
}

/**
 * Listens for signals of the process, also in a thread where Node.js has no public way to: the main thread, which has one,
 * may be blocked and would never hear of them. Where there is no way at all, signals do what they do by default.
 *
 * @param caught called with each signal, and with what stops the listening.
 * @returns what stops the listening.
 */
export function watchSignals(
  signals: readonly NodeJS.Signals[],
  caught: (signal: NodeJS.Signals, unwatch: () => void) => void,
): () => void {
  const stops: (() => void)[] = [];
  const unwatch = (): void => {
    for (const stop of stops.splice(0)) stop();
  };
  for (const signal of signals) {
    const stop = isMainThread
      ? watchHere(signal, () => caught(signal, unwatch))
      : watchInThread(signal, () => caught(signal, unwatch));
    stops.push(stop);
  }
  return unwatch;
}

function watchHere(signal: NodeJS.Signals, caught: () => void): () => void {
  process.on(signal, caught);
  return () => process.off(signal, caught);
}

function watchInThread(signal: NodeJS.Signals, caught: () => void): () => void {
  const { binding } = process as unknown as { binding?: (name: string) => { Signal?: new () => SignalHandle } };
  let handle: SignalHandle | undefined;
  const { noDeprecation } = process;
  // There is no other way yet, so the advice to take another one would only puzzle.
  process.noDeprecation = true;
  try {
    const Signal = binding?.call(process, "signal_wrap").Signal;
    handle = Signal && new Signal();
  } catch {
    // A later Node.js may have no such thing: the default then ends the process, and the children with it.
  } finally {
    process.noDeprecation = noDeprecation ?? false;
  }
  if (handle === undefined) return () => undefined;
  handle.onsignal = caught;
  handle.unref();
  handle.start(constants.signals[signal]);
  return () => handle.close();
}
