/** Draining a line in blocking mode: for as long as the line needs, and no longer than something leaves. */
import test from "ava";
import { checkSettings } from "../../src/core/channel-settings.ts";
import { TerminatorFraming } from "../../src/framings/terminator.ts";
import { BlockingConnection } from "../../src/modes/blocking/blocking-connection.ts";
import type { BlockingTransport } from "../../src/modes/blocking/blocking-transport.ts";

/** A line whose driver has so many bytes left at each look, and then none; it never takes time. */
class SlowLine implements BlockingTransport<undefined> {
  readonly link = undefined;
  readonly canResynchronise = true;
  bytesWritten = 0;
  readonly #left: number[];
  readonly deadlines: number[] = [];

  constructor(...left: number[]) {
    this.#left = left;
  }

  read(): "late" {
    return "late";
  }

  write(bytes: Uint8Array): boolean {
    this.bytesWritten += bytes.length;
    return true;
  }

  drain(deadline: number): number {
    this.deadlines.push(deadline);
    return this.#left.shift() ?? 0;
  }

  finish(): void {}
  leave(): void {}
  flush(): void {}
  close(): void {}
}

function connectionOver(line: SlowLine): BlockingConnection<Buffer, undefined> {
  const limits = checkSettings({ writeTimeoutMs: 1000 }, "client", TerminatorFraming, 0);
  const connection = new BlockingConnection<Buffer, undefined>(line, limits, (error) => {
    throw error;
  });
  connection.queue(Buffer.from("OUT 1"));
  return connection;
}

test("what is queued is written, and waited for as long as anything leaves", (t) => {
  const line = new SlowLine(4000, 3000, 2000, 1000);
  connectionOver(line).drain(Number.POSITIVE_INFINITY);
  t.is(line.bytesWritten, 7);
  t.is(line.deadlines.length, 5);
  t.is(line.deadlines[0], 0, "the first look does not wait");
});

test("a line that takes nothing for writeTimeoutMs, or to the deadline, is an error, never silence", (t) => {
  const stalled = new SlowLine(4000, 4000);
  t.throws(() => connectionOver(stalled).drain(Number.POSITIVE_INFINITY), {
    code: "ERR_WRITE_TIMEOUT",
  });
  const slow = new SlowLine(4000, 3000);
  const deadline = performance.now() + 100;
  t.throws(() => connectionOver(slow).drain(deadline), { code: "ERR_WRITE_TIMEOUT" });
  t.is(slow.deadlines[1], deadline);
});
