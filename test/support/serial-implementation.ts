/** Which of the two implementations of serial ports is used in this process, and what the one that is not ours cannot do. */
import test, { type Implementation } from "ava";
import { hasTerminals } from "../../src/system/terminal.ts";

/** Whether ports are opened through `serialport`'s binding: where the system's calls are not known, or `koffi` is missing. */
export const isOverBinding: boolean = !hasTerminals();

/**
 * A test that has to fail over `serialport`'s binding, by a fault of the binding itself; over the system's calls it has to
 * pass like any other.
 *
 * @param fault what is wrong with the binding.
 */
export function unlessBinding(fault: string): (title: string, implementation: Implementation<[]>) => void {
  return (title, implementation) =>
    isOverBinding
      ? test.serial.failing(`${title} (serialport's binding: ${fault})`, implementation)
      : test.serial(title, implementation);
}
