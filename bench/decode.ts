/** Messages out of bytes, in memory: chunks of 64 KiB, each framing against what else there is for it. */
import type { Transform } from "node:stream";
import { ReadWriteFraming } from "../src/framings/read-write.ts";
import { TerminatorFraming } from "../src/framings/terminator.ts";
import { report, type Table } from "./support/compare.ts";
import { chunksOf, ours, table, way } from "./support/decoding.ts";

const LINE_END = 10;

const missing: string[] = [];

/** A stream class of a package that may not be installed. */
async function streamOf(name: string, member: string): Promise<((options: object) => Transform) | undefined> {
  try {
    const module = (await import(name)) as Record<string, unknown>;
    const made = module[member] as new (options: object) => Transform;
    return member === "default"
      ? () => (made as unknown as (separator: string) => Transform)("\n")
      : (options) => new made(options);
  } catch {
    missing.push(name);
    return undefined;
  }
}

/** What one would write by hand: finds the line ends, makes the buffers, keeps what is left for the next chunk. */
function lineLoop(chunks: readonly Buffer[], sink: { last: unknown }): () => number {
  return () => {
    let rest: Buffer | undefined;
    let messages = 0;
    for (const chunk of chunks) {
      const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
      let from = 0;
      for (let at = bytes.indexOf(LINE_END); at >= 0; at = bytes.indexOf(LINE_END, from)) {
        sink.last = bytes.subarray(from, at);
        messages++;
        from = at + 1;
      }
      rest = from < bytes.length ? bytes.subarray(from) : undefined;
    }
    return messages;
  };
}

/** The same for messages with their length before them. */
function countLoop(chunks: readonly Buffer[], sink: { last: unknown }): () => number {
  return () => {
    let rest: Buffer | undefined;
    let messages = 0;
    for (const chunk of chunks) {
      const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
      let from = 0;
      for (let at = bytes.indexOf(LINE_END); at >= 0; at = bytes.indexOf(LINE_END, from)) {
        const end = at + 1 + Number(bytes.toString("latin1", from, at - 1));
        if (end > bytes.length) break;
        sink.last = bytes.subarray(at + 1, end);
        messages++;
        from = end;
      }
      rest = from < bytes.length ? bytes.subarray(from) : undefined;
    }
    return messages;
  };
}

function streamed(
  make: (options: object) => Transform,
  options: object,
  chunks: readonly Buffer[],
): () => Promise<number> {
  return async () => {
    const stream = make(options);
    let messages = 0;
    stream.on("data", () => messages++);
    const ended = new Promise((resolve) => stream.once("end", resolve));
    for (const chunk of chunks) stream.write(chunk);
    stream.end();
    await ended;
    return messages;
  };
}

const delimiter = await streamOf("@serialport/parser-delimiter", "DelimiterParser");
const readline = await streamOf("@serialport/parser-readline", "ReadlineParser");
const split2 = await streamOf("split2", "default");
const sink: { last: unknown } = { last: undefined };
const tables: Table[] = [];
for (const size of [64, 1024]) {
  const lines = chunksOf(Buffer.from(`${"x".repeat(size - 1)}\n`));
  const options = { terminator: "\n" };
  tables.push(
    await table(
      `lines of ${size} bytes, as Buffers`,
      [
        way("plib-io, terminator", ours(TerminatorFraming, options, lines)),
        way("a loop by hand", lineLoop(lines, sink)),
        delimiter && way("DelimiterParser", streamed(delimiter, { delimiter: "\n" }, lines)),
      ],
      "plib-io, terminator",
    ),
    await table(
      `lines of ${size} bytes, as strings`,
      [
        way("plib-io, terminator, utf8", ours(TerminatorFraming, options, lines, "utf8")),
        split2 && way("split2", streamed(split2, {}, lines)),
        readline && way("ReadlineParser", streamed(readline, { delimiter: "\n" }, lines)),
      ],
      "plib-io, terminator, utf8",
    ),
  );
  const counted = chunksOf(Buffer.from(`${size}\r\n${"x".repeat(size)}`));
  tables.push(
    await table(
      `messages of ${size} bytes with their length before them`,
      [
        way("plib-io, read-write", ours(ReadWriteFraming, {}, counted)),
        way("a loop by hand", countLoop(counted, sink)),
      ],
      "plib-io, read-write",
    ),
  );
}
missing.push("frame-stream");
report("decode", tables, missing);
