import type { SerialBindingPort } from "./serial-binding.ts";

/**
 * How many ports wait for their drivers at the same time. Each wait holds a thread of the pool, which has four by
 * default, and a stalled line holds it until its output is dropped, which takes a thread too.
 */
const MOST_WAITING = 2;
/** How long the driver may go on sending, after the port was closed here, before what it holds is dropped. */
const LONGEST_FAREWELL_MS = 250;

let waiting = 0;
const turns: (() => void)[] = [];

/** Resolves when all that the driver of a port holds is on the wire, or was dropped. */
export async function drainPort(port: SerialBindingPort): Promise<void> {
  if (waiting === MOST_WAITING) await new Promise<void>((resolve) => turns.push(resolve));
  else waiting++;
  try {
    // A turn may come after the port was closed.
    if (port.isOpen) await port.drain();
  } finally {
    const next = turns.shift();
    if (next === undefined) waiting--;
    else next();
  }
}

/**
 * Closes a port. What its driver holds may leave for a short time and is dropped then: the kernel would hold the port
 * up to 30 s for it. Never rejects, for a port that is gone is closed too.
 */
export async function closePort(port: SerialBindingPort): Promise<void> {
  if (!port.isOpen) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), LONGEST_FAREWELL_MS);
  });
  const outcome = await Promise.race([late, drainPort(port).catch(() => "failed")]);
  clearTimeout(timer);
  if (outcome === "late") await port.flush().catch(() => undefined);
  if (port.isOpen) await port.close().catch(() => undefined);
}
