/** Reading input in every way that it may come in, and telling readings apart. */
import type { Framing } from "../core/framing.ts";
import { DECODE_FAILED, MessageReader } from "../core/messages/message-reader.ts";
import { ChannelError, type ErrorCode } from "../errors.ts";

/** An error that input led to. */
export interface Fault {
  readonly code: ErrorCode;
  readonly text: string;
  readonly received?: number;
  readonly expected?: number;
}

/** What came of some input. */
export interface Reading {
  readonly messages: readonly (string | Buffer)[];
  /** The error that ended the reading, if one did. */
  readonly fault: Fault | undefined;
  /** The errors that the reading went on after, each with how many messages were before it. */
  readonly recovered?: readonly (Fault & { readonly after: number })[];
  /** How many bytes of no message were reported, each time with how many messages were before it. */
  readonly dropped?: readonly { readonly count: number; readonly after: number }[];
}

/** Streams up to this length are cut at every place; of longer ones only pieces of a few sizes are made. */
export const LONGEST_CUT_EVERYWHERE = 2048;
/** The sizes of the pieces that streams of any length are cut into. */
export const PIECE_SIZES: readonly number[] = [1, 2, 3, 7, 64, 1021, 4095, 4096, 65_536];

/** The bytes of an encoded payload in one piece. */
export function joined(encoded: Uint8Array | readonly Uint8Array[]): Buffer {
  return encoded instanceof Uint8Array ? Buffer.from(encoded) : Buffer.concat(encoded);
}

/** What a reading reports besides messages. */
export interface ReadingReports {
  /** Called with each fault that the framing recovers from. */
  readonly survived?: (error: ChannelError) => void;
  /** Called with how many bytes between two messages belonged to neither. */
  readonly dropped?: (count: number) => void;
}

/** Reads through a framing as the channel of a socket does, except that messages are not copied. */
export function readerOf<Message extends string | Buffer>(
  framing: Framing,
  encoding?: BufferEncoding,
  { survived = () => undefined, dropped = () => undefined }: ReadingReports = {},
): MessageReader<Message> {
  const settings = { makeFraming: () => framing, encoding, interByteTimeoutMs: 0 };
  return new MessageReader(settings, false, survived, dropped, false);
}

/** Reads input that comes in these pieces, and then its end. */
export function readPieces(framing: Framing, pieces: Iterable<Uint8Array>, encoding?: BufferEncoding): Reading {
  const messages: (string | Buffer)[] = [];
  const recovered: (Fault & { after: number })[] = [];
  const dropped: { count: number; after: number }[] = [];
  const reader = readerOf<string | Buffer>(framing, encoding, {
    survived: (error) => recovered.push({ ...faultOf(error), after: messages.length }),
    dropped: (count) => dropped.push({ count, after: messages.length }),
  });
  const drain = (): void => {
    for (let message = reader.next(); message !== undefined; message = reader.next()) messages.push(message);
  };
  const reading = (fault: Fault | undefined): Reading => ({
    messages,
    fault,
    ...(recovered.length > 0 && { recovered }),
    ...(dropped.length > 0 && { dropped }),
  });
  try {
    for (const piece of pieces) {
      reader.push(Buffer.from(piece));
      drain();
    }
    reader.end();
    drain();
    return reading(undefined);
  } catch (error) {
    if (!ChannelError.is(error)) throw error;
    // What is wrong is the framing, not the input.
    if (error.message === DECODE_FAILED) throw error.cause;
    return reading(faultOf(error));
  }
}

function faultOf({ code, message, received, expected }: ChannelError): Fault {
  return {
    code,
    text: message,
    ...(received !== undefined && { received }),
    ...(expected !== undefined && { expected }),
  };
}

/** Pieces of input that is cut at these places, which need not be in order. */
export function cutAt(input: Uint8Array, places: readonly number[]): Uint8Array[] {
  const inOrder = [0, ...places.toSorted((a, b) => a - b), input.length];
  return inOrder.slice(1).map((place, index) => input.subarray(inOrder[index], place));
}

/** Pieces of this size, the last one perhaps smaller. */
export function cutEvery(input: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(input.length / size) }, (_, index) =>
    input.subarray(index * size, (index + 1) * size),
  );
}

/** How two readings differ, or `undefined`. */
export function readingDifference(actual: Reading, expected: Reading): string | undefined {
  const length = Math.max(actual.messages.length, expected.messages.length);
  for (let index = 0; index < length; index++) {
    const [found, due] = [actual.messages[index], expected.messages[index]];
    if (isSame(found, due)) continue;
    const why = found === undefined && actual.fault !== undefined ? `: ${actual.fault.code}, ${actual.fault.text}` : "";
    return `message ${index} is ${shown(found)} instead of ${shown(due)}${why}`;
  }
  const [found, due] = [JSON.stringify(actual.fault), JSON.stringify(expected.fault)];
  if (found !== due) return `the fault is ${found} instead of ${due}`;
  const [recovered, wanted] = [JSON.stringify(actual.recovered ?? []), JSON.stringify(expected.recovered ?? [])];
  if (recovered !== wanted) return `the faults that were recovered from are ${recovered} instead of ${wanted}`;
  const [counts, dueCounts] = [JSON.stringify(actual.dropped ?? []), JSON.stringify(expected.dropped ?? [])];
  return counts === dueCounts ? undefined : `the reports of dropped bytes are ${counts} instead of ${dueCounts}`;
}

/** The first way to cut the input that does not give what the whole input gives, or `undefined`. */
export function cutDifference(create: () => Framing, input: Uint8Array, encoding?: BufferEncoding): string | undefined {
  const whole = readPieces(create(), [input], encoding);
  for (const size of PIECE_SIZES) {
    const difference = readingDifference(readPieces(create(), cutEvery(input, size), encoding), whole);
    if (difference !== undefined) return `in pieces of ${size}: ${difference}`;
  }
  if (input.length > LONGEST_CUT_EVERYWHERE) return undefined;
  for (let place = 1; place < input.length; place++) {
    const difference = readingDifference(readPieces(create(), cutAt(input, [place]), encoding), whole);
    if (difference !== undefined) return `cut at byte ${place}: ${difference}`;
  }
  return undefined;
}

function isSame(a: string | Buffer | undefined, b: string | Buffer | undefined): boolean {
  return Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : a === b;
}

/** A message as a report shows it. */
export function shown(message: string | Buffer | undefined): string {
  if (message === undefined) return "missing";
  const text = typeof message === "string" ? JSON.stringify(message) : `<${message.toString("hex")}>`;
  return text.length > 80 ? `${text.slice(0, 80)}… (${message.length})` : text;
}
