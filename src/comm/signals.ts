import { createRequire } from "node:module";
import { constants } from "node:os";
import { isMainThread } from "node:worker_threads";

/** Node.js's own handle for a signal. */
interface SignalHandle {
  onsignal: (signal: number) => void;
  start(signal: number): number;
  unref(): void;
  close(): void;
}

/** Node.js's own way to its own parts. */
interface InternalBinding {
  readonly internalBinding: (name: "signal_wrap") => { readonly Signal: new () => SignalHandle };
}

/**
 * The options of Node.js that a thread needs to listen for signals: there is no public way to, and the warning about that
 * would only puzzle.
 */
export const SIGNAL_THREAD_OPTIONS: readonly string[] = ["--expose-internals", "--no-warnings"];

/**
 * Listens for signals of the process, also in a thread where Node.js has no public way to: the main thread, which has one,
 * may be blocked and would never hear of them. Such a thread has to be started with {@link SIGNAL_THREAD_OPTIONS}. Where
 * there is no way at all, signals do what they do by default.
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
    const watch = isMainThread ? watchHere : watchSignalInThread;
    const stop = watch(signal, () => caught(signal, unwatch));
    // Without a way to, the default of a signal ends the process, and the children with it.
    if (stop !== undefined) stops.push(stop);
  }
  return unwatch;
}

function watchHere(signal: NodeJS.Signals, caught: () => void): () => void {
  process.on(signal, caught);
  return () => process.off(signal, caught);
}

/**
 * Listens for a signal in a thread that was started with {@link SIGNAL_THREAD_OPTIONS}.
 *
 * @returns what stops the listening; `undefined` if this Node.js has no way to listen.
 */
export function watchSignalInThread(signal: NodeJS.Signals, caught: () => void): (() => void) | undefined {
  let handle: SignalHandle;
  try {
    const { internalBinding } = createRequire(import.meta.url)("internal/test/binding") as InternalBinding;
    const { Signal } = internalBinding("signal_wrap");
    handle = new Signal();
  } catch {
    // A later Node.js may have no such thing.
    return undefined;
  }
  handle.onsignal = caught;
  handle.unref();
  handle.start(constants.signals[signal]);
  return () => handle.close();
}
