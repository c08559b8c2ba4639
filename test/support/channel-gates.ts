/** Ways to wait for what happens. */
import type { EventEmitter } from "node:events";

/** A promise, and what settles it. */
export interface Gate<Value = void> {
  readonly passed: Promise<Value>;
  open(value: Value): void;
}

/** Makes a promise that the test settles. */
export function gate<Value = void>(): Gate<Value> {
  let open: (value: Value) => void = () => undefined;
  const passed = new Promise<Value>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

/** Resolves with what the next event of this name brings. Unlike `once` of Node.js, it listens to no errors. */
export function event(emitter: object, name: string): Promise<unknown[]> {
  return new Promise((resolve) => {
    (emitter as EventEmitter).once(name, (...values: unknown[]) => resolve(values));
  });
}
