/**
 * What every framing has to keep to, whatever it puts on the wire. Nothing here knows a framing by name or a test runner:
 * a check is a plain function that returns the first thing that is wrong, in words, or `undefined`.
 */
import type { Framing, MessageBoundary } from "../../src/core/framing.ts";
import { MessageReader } from "../../src/core/message-reader.ts";
import { ChannelError, type ErrorCode } from "../../src/errors.ts";

/** A framing under test. */
export interface FramingSubject {
  /** Makes a new codec, as for a new connection. */
  create(): Framing;
  /** What tells the end of a message in this framing. */
  readonly boundary: MessageBoundary;
  /** Payloads that the framing can carry. */
  readonly samples: readonly Uint8Array[];
}

/** What came of some input. */
export interface Reading {
  readonly messages: readonly (string | Buffer)[];
  /** The error that ended the reading, if one did. */
  readonly fault:
    | { readonly code: ErrorCode; readonly text: string; readonly received?: number; readonly expected?: number }
    | undefined;
}

/** Streams up to this length are cut at every place; of longer ones only pieces of a few sizes are made. */
const LONGEST_CUT_EVERYWHERE = 2048;
const PIECE_SIZES = [1, 2, 3, 7, 64, 1021, 4095, 4096, 65_536];

/** The bytes of an encoded payload in one piece. */
export function joined(encoded: Uint8Array | readonly Uint8Array[]): Buffer {
  return encoded instanceof Uint8Array ? Buffer.from(encoded) : Buffer.concat(encoded);
}

/** Reads input that comes in these pieces, and then its end. */
export function readPieces(framing: Framing, pieces: Iterable<Uint8Array>, encoding?: BufferEncoding): Reading {
  const reader = new MessageReader<string | Buffer>(framing, encoding);
  const messages: (string | Buffer)[] = [];
  const drain = (): void => {
    for (let message = reader.next(); message !== undefined; message = reader.next()) messages.push(message);
  };
  try {
    for (const piece of pieces) {
      reader.push(Buffer.from(piece));
      drain();
    }
    reader.end();
    drain();
    return { messages, fault: undefined };
  } catch (error) {
    if (!ChannelError.is(error)) throw error;
    const { code, message, received, expected } = error;
    return {
      messages,
      fault: {
        code,
        text: message,
        ...(received !== undefined && { received }),
        ...(expected !== undefined && { expected }),
      },
    };
  }
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
    if (!isSame(found, due)) return `message ${index} is ${shown(found)} instead of ${shown(due)}`;
  }
  const [found, due] = [JSON.stringify(actual.fault), JSON.stringify(expected.fault)];
  return found === due ? undefined : `the fault is ${found} instead of ${due}`;
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

/** The payloads of one connection each: as many as the framing can put there. */
function connections(subject: FramingSubject): (readonly Uint8Array[])[] {
  const single = subject.samples.map((sample) => [sample]);
  return subject.boundary === "message" ? [...single, subject.samples, []] : single;
}

function streamOf(subject: FramingSubject, payloads: readonly Uint8Array[]): Buffer {
  const framing = subject.create();
  return Buffer.concat(payloads.map((payload) => joined(framing.encode(payload))));
}

/** What is sent arrives, all of it and nothing else, however it is cut. */
export function checkRoundTrips(subject: FramingSubject): string | undefined {
  for (const payloads of connections(subject)) {
    const stream = streamOf(subject, payloads);
    const due: Reading = { messages: payloads.map((payload) => Buffer.from(payload)), fault: undefined };
    const difference =
      readingDifference(readPieces(subject.create(), [stream]), due) ?? cutDifference(() => subject.create(), stream);
    if (difference !== undefined) return `of ${payloads.length} messages, ${difference}`;
  }
  return undefined;
}

/** Messages are decoded as a whole: a character whose bytes come in several pieces is none the worse. */
export function checkStrings(subject: FramingSubject): string | undefined {
  for (const encoding of ["utf8", "latin1", "ascii", "hex", "utf16le"] as const) {
    for (const payloads of connections(subject)) {
      const stream = streamOf(subject, payloads);
      const due = { messages: payloads.map((payload) => Buffer.from(payload).toString(encoding)), fault: undefined };
      const difference =
        readingDifference(readPieces(subject.create(), [stream], encoding), due) ??
        cutDifference(() => subject.create(), stream, encoding);
      if (difference !== undefined) return `as ${encoding}, of ${payloads.length} messages, ${difference}`;
    }
  }
  return undefined;
}

/** An end in mid-message is told as such, after the messages before it, with what was received and what was due. */
export function checkTruncation(subject: FramingSubject): string | undefined {
  if (subject.boundary !== "message") return undefined;
  for (const sample of subject.samples) {
    const whole = joined(subject.create().encode(sample));
    const lengths = Array.from({ length: Math.min(whole.length - 1, LONGEST_CUT_EVERYWHERE) }, (_, index) => index + 1);
    for (const length of lengths) {
      const reading = readPieces(subject.create(), [Buffer.concat([whole, whole.subarray(0, length)])]);
      const { fault, messages } = reading;
      if (messages.length !== 1) return `after ${length} bytes too few there are ${messages.length} messages`;
      if (fault?.code !== "ERR_FRAME_TRUNCATED")
        return `${length} of ${whole.length} bytes gave ${JSON.stringify(fault)}`;
      const isTold = fault.received === length && (fault.expected ?? whole.length) === whole.length;
      if (!isTold) return `${length} of ${whole.length} bytes gave ${JSON.stringify(fault)}`;
    }
  }
  return undefined;
}

/** A message is its receiver's own: later input does not change it, and changing it does not change later messages. */
export function checkOwnership(subject: FramingSubject): string | undefined {
  if (subject.boundary !== "message") return undefined;
  const payloads = [...subject.samples, ...subject.samples];
  const stream = streamOf(subject, payloads);
  for (const size of [...PIECE_SIZES, stream.length]) {
    const reader = new MessageReader<Buffer>(subject.create(), undefined);
    const kept: Buffer[] = [];
    for (const piece of cutEvery(stream, size)) {
      reader.push(Buffer.from(piece));
      for (let message = reader.next(); message !== undefined; message = reader.next()) {
        const due = payloads[kept.length] as Uint8Array;
        if (Buffer.compare(message, due) !== 0) return `in pieces of ${size}, message ${kept.length} was written to`;
        kept.push(message.fill(kept.length % 256));
      }
    }
    const changed = kept.findIndex((message, index) => message.some((byte) => byte !== index % 256));
    if (changed >= 0) return `in pieces of ${size}, message ${changed} was changed after it was handed out`;
  }
  return undefined;
}

/** A large payload that stands on the wire as it is goes there without a copy. */
export function checkCopies(subject: FramingSubject): string | undefined {
  const payload = Buffer.alloc(1024 * 1024, subject.samples.find((sample) => sample.length > 0)?.[0]);
  const encoded = subject.create().encode(payload);
  const pieces = encoded instanceof Uint8Array ? [encoded] : encoded;
  if (!joined(pieces).includes(payload)) return undefined;
  const isPayload = (piece: Uint8Array): boolean =>
    piece.buffer === payload.buffer && piece.byteOffset === payload.byteOffset && piece.length === payload.length;
  return pieces.some(isPayload) ? undefined : "a payload of 1 MiB was copied";
}

/** All checks, by what they check. */
export const framingChecks: Readonly<Record<string, (subject: FramingSubject) => string | undefined>> = {
  "what is sent arrives, however it is cut": checkRoundTrips,
  "messages as strings are the same, however they are cut": checkStrings,
  "an end in mid-message is told": checkTruncation,
  "a message is its receiver's own": checkOwnership,
  "a large payload is not copied": checkCopies,
};

/** The first thing that is wrong with a framing, or `undefined`. */
export function checkFraming(subject: FramingSubject): string | undefined {
  for (const [title, check] of Object.entries(framingChecks)) {
    const difference = check(subject);
    if (difference !== undefined) return `${title}: ${difference}`;
  }
  return undefined;
}

function isSame(a: string | Buffer | undefined, b: string | Buffer | undefined): boolean {
  return Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : a === b;
}

function shown(message: string | Buffer | undefined): string {
  if (message === undefined) return "missing";
  const text = typeof message === "string" ? JSON.stringify(message) : `<${message.toString("hex")}>`;
  return text.length > 80 ? `${text.slice(0, 80)}… (${message.length})` : text;
}
