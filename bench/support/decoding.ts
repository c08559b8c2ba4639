/** Decoding in memory: the same message again and again in chunks, through a framing. */
import type { FramingClass } from "../../src/core/framing.ts";
import { readerOf } from "../../src/testing/readings.ts";
import { compare, type Row, type Table, type Way } from "./compare.ts";

const ROUNDS = 9;
const CHUNK = 65_536;
const TOTAL = 16 * 1024 * 1024;

/** The same message again and again, in chunks. */
export function chunksOf(message: Buffer): Buffer[] {
  const all = Buffer.alloc(Math.floor(TOTAL / message.length) * message.length, message);
  return Array.from({ length: Math.ceil(all.length / CHUNK) }, (_, index) =>
    all.subarray(index * CHUNK, (index + 1) * CHUNK),
  );
}

/** Measures something that decodes all chunks and returns how many messages that made: nanoseconds for one. */
export function way(name: string, decode: () => number | Promise<number>): Way {
  return {
    name,
    async measure() {
      const start = performance.now();
      const messages = await decode();
      return { value: ((performance.now() - start) * 1e6) / messages };
    },
  };
}

/** Reads all chunks through a framing of the package. */
export function ours(
  framing: FramingClass,
  options: object,
  chunks: readonly Buffer[],
  encoding?: BufferEncoding,
): () => number {
  return () => {
    const reader = readerOf<Buffer | string>(new framing(options as never, "persistent"), encoding);
    let messages = 0;
    for (const chunk of chunks) {
      reader.push(chunk);
      while (reader.next() !== undefined) messages++;
    }
    return messages;
  };
}

/** Compares ways of decoding with each other. */
export async function table(title: string, ways: readonly (Way | undefined)[], reference: string): Promise<Table> {
  const there = ways.flatMap((each) => (each === undefined ? [] : [each]));
  const rows: Row[] = await compare(there, ROUNDS, reference);
  return { title, unit: "ns a message", rows };
}
