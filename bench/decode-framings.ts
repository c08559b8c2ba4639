/** Each framing of the package on messages of its own, beside other decoders of the same bytes where there are any. */
import { createRequire } from "node:module";
import protobuf from "protobufjs";
import type { FramingClass } from "../src/core/framing.ts";
import { CobsFraming } from "../src/framings/cobs.ts";
import { ContentLengthFraming } from "../src/framings/content-length.ts";
import { FixedLengthFraming } from "../src/framings/fixed-length.ts";
import { LengthFieldFraming } from "../src/framings/length-field.ts";
import { LinesFraming } from "../src/framings/lines.ts";
import { NetstringFraming } from "../src/framings/netstring.ts";
import { ReadWriteFraming } from "../src/framings/read-write.ts";
import { SlipFraming } from "../src/framings/slip.ts";
import { StartEndFraming } from "../src/framings/start-end.ts";
import { TerminatorFraming } from "../src/framings/terminator.ts";
import { VarintFraming } from "../src/framings/varint.ts";
import { joined, readerOf } from "../src/testing/readings.ts";
import { compare, report, type Table } from "./support/compare.ts";
import { chunksOf, ours, table, way } from "./support/decoding.ts";

type Decode = (chunks: readonly Buffer[]) => number;

const require = createRequire(import.meta.url);
const slip = require("slip") as {
  Decoder: new (options: { bufferSize: number; onMessage(): void }) => { decode(data: Uint8Array): void };
};

/** Another decoder of the bytes of some framings. */
const peers: Readonly<Record<string, readonly [name: string, decode: Decode]>> = {
  WithSlip: ["slip", decodeSlip],
  WithVarint: ["protobufjs", decodeVarints],
};

function decodeSlip(chunks: readonly Buffer[]): number {
  let messages = 0;
  const decoder = new slip.Decoder({ bufferSize: 65_536, onMessage: () => messages++ });
  for (const chunk of chunks) decoder.decode(chunk);
  return messages;
}

function decodeVarints(chunks: readonly Buffer[]): number {
  let rest = Buffer.alloc(0);
  let messages = 0;
  for (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk]);
    const reader = protobuf.Reader.create(bytes);
    let taken = 0;
    try {
      for (; reader.pos < reader.len; taken = reader.pos, messages++) reader.bytes();
    } catch {
      // The rest of this message is in the next chunk.
    }
    rest = bytes.subarray(taken);
  }
  return messages;
}

const framings: readonly (readonly [FramingClass, (size: number) => object])[] = [
  [TerminatorFraming, () => ({ terminator: "\n" })],
  [LinesFraming, () => ({})],
  [ReadWriteFraming, () => ({})],
  [NetstringFraming, () => ({})],
  [VarintFraming, () => ({})],
  [LengthFieldFraming, () => ({})],
  [FixedLengthFraming, (size) => ({ messageLength: size })],
  [ContentLengthFraming, () => ({})],
  [SlipFraming, () => ({})],
  [CobsFraming, () => ({})],
  [StartEndFraming, () => ({})],
];

const tables: Table[] = [];
for (const size of [64, 1024]) {
  const ways = framings.flatMap(([framing, optionsFor]) => {
    const options = optionsFor(size);
    const payload = Buffer.from(JSON.stringify({ text: "x".repeat(size - 11) }));
    const chunks = chunksOf(joined(new framing(options as never, "client").encode(payload)));
    const own = way(framing.suffix, ours(framing, options, chunks));
    const [name, decode] = peers[framing.suffix] ?? [];
    return decode === undefined ? [own] : [own, way(`${framing.suffix}, ${name}`, () => decode(chunks))];
  });
  tables.push(await table(`messages of ${size} bytes`, ways, "WithTerminator"));
}
const LONG = 256 * 1024;
const ROUNDS = 9;
/** One message in reads of one byte: what a slow serial line brings. */
const dripped = framings.flatMap(([framing, optionsFor]) => {
  const options = { ...optionsFor(LONG), maxMessageSize: LONG };
  const stream = joined(new framing(options as never, "client").encode(Buffer.alloc(LONG, "x")));
  const pieces = Array.from(stream, (_, at) => stream.subarray(at, at + 1));
  return [{ name: framing.suffix, measure: () => drip(framing, options, pieces) }];
});
const rows = await compare(dripped, ROUNDS, "WithTerminator");
tables.push({ title: "one message of 256 KiB in reads of one byte", unit: "ms of processor time", rows });
report("decode-framings", tables, []);

function drip(framing: FramingClass, options: object, pieces: readonly Buffer[]): { value: number } {
  const reader = readerOf<Buffer>(new framing(options as never, "client"));
  const before = process.cpuUsage();
  let messages = 0;
  for (const piece of pieces) {
    reader.push(piece);
    if (reader.next() !== undefined) messages++;
  }
  const { user, system } = process.cpuUsage(before);
  if (messages !== 1) throw new Error(`${framing.suffix} made ${messages} messages`);
  return { value: (user + system) / 1000 };
}
