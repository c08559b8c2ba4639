import { StateError } from "../../errors.ts";
import type { BlockingTransport } from "../../modes/blocking/blocking-transport.ts";
import { broken, lineOf, refused } from "./async-memory.ts";
import type { MemoryLink, MemoryOptions } from "./memory.ts";
import type { MemoryEnds } from "./memory-line.ts";

/**
 * Connects to the script on a line in memory. A server in the same thread could not answer.
 *
 * @returns what connects, and throws an OpenError `ERR_CONNECT_REFUSED` if there is no script.
 * @throws OptionsError `ERR_OPTIONS` for a line that is none.
 */
export function connectBlockingMemory(options: MemoryOptions): () => BlockingTransport<MemoryLink> {
  const line = lineOf(options);
  return () => {
    const ends = line.connectScript();
    if (ends === undefined) throw refused();
    return new BlockingMemoryTransport(ends);
  };
}

/** Serves the script on a line in memory; as {@link connectBlockingMemory}. */
export function listenBlockingMemory(options: MemoryOptions): () => BlockingTransport<MemoryLink> {
  return connectBlockingMemory(options);
}

/** An open connection to a script. */
class BlockingMemoryTransport implements BlockingTransport<MemoryLink> {
  readonly link: MemoryLink;
  readonly canResynchronise = false;
  readonly #ends: MemoryEnds;
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4));
  #bytesWritten = 0;
  #hasEnded = false;

  constructor(ends: MemoryEnds) {
    this.#ends = ends;
    this.link = { line: ends.line };
    ends.outgoing.onLost = () => ends.incoming.reset();
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  read(deadline: number): Buffer | "ended" | "late" {
    const { incoming } = this.#ends;
    while (!this.#hasEnded) {
      const now = performance.now();
      const what = incoming.take(now);
      if (what === "reset") throw broken(this.#bytesWritten);
      if (what === "end") this.#hasEnded = true;
      else if (what !== undefined) return what;
      else if (now >= deadline) return "late";
      else this.#sleepUntil(Math.min(deadline, incoming.dueAt ?? Number.POSITIVE_INFINITY), now);
    }
    return "ended";
  }

  write(bytes: Uint8Array): boolean {
    this.#ends.outgoing.write(bytes);
    this.#bytesWritten += bytes.length;
    return true;
  }

  drain(): number {
    return 0;
  }

  finish(): void {
    this.#ends.outgoing.end();
  }

  leave(): void {
    // Nothing that was written can be lost by closing.
  }

  flush(): void {
    this.#ends.incoming.flush(performance.now());
  }

  close(): void {
    this.#ends.outgoing.end();
    this.#ends.incoming.abandon();
    this.#ends.line.release(this.#ends);
  }

  #sleepUntil(time: number, now: number): void {
    if (time === Number.POSITIVE_INFINITY) {
      throw new StateError("ERR_WOULD_DEADLOCK", "the script has nothing more to say, and there is no deadline");
    }
    Atomics.wait(this.#sleeper, 0, 0, time - now);
  }
}
