/** Ways to wait for what happens. */
import type { EventEmitter } from "node:events";

/** A promise, and what settles it. */
export interface Gate<Value = void> {
  readonly passed: Promise<Value>;
  /** Whether it has been opened. */
  readonly isOpen: boolean;
  open(value: Value): void;
}

/** Makes a promise that the test settles. */
export function gate<Value = void>(): Gate<Value> {
  let resolve: (value: Value) => void = () => undefined;
  const passed = new Promise<Value>((settle) => {
    resolve = settle;
  });
  let isOpen = false;
  const open = (value: Value): void => {
    isOpen = true;
    resolve(value);
  };
  return {
    passed,
    open,
    get isOpen() {
      return isOpen;
    },
  };
}

/** Resolves with what the next event of this name brings. Unlike `once` of Node.js, it listens to no errors. */
export function event(emitter: object, name: string): Promise<unknown[]> {
  return new Promise((resolve) => {
    (emitter as EventEmitter).once(name, (...values: unknown[]) => resolve(values));
  });
}
