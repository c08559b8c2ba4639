/**
 * What every framing has to keep to, whatever it puts on the wire. Nothing here knows a framing by name or a test runner:
 * a check is a plain function that returns the first thing that is wrong, in words, or `undefined`.
 */
import type { Framing, MessageBoundary } from "../core/framing.ts";
import { ChannelError } from "../errors.ts";
import {
  cutDifference,
  cutEvery,
  joined,
  LONGEST_CUT_EVERYWHERE,
  PIECE_SIZES,
  type Reading,
  readingDifference,
  readPieces,
  readerOf,
  shown,
} from "./readings.ts";

/** A framing under test. */
export interface FramingSubject {
  /** Makes a new codec, as for a new connection. */
  create(): Framing;
  /** What tells the end of a message in this framing. */
  readonly boundary: MessageBoundary;
  /** Payloads that the framing can carry. */
  readonly samples: readonly Uint8Array[];
}

/** The payloads of one connection each: as many as the framing can put there. */
function connections(subject: FramingSubject): (readonly Uint8Array[])[] {
  const single = subject.samples.map((sample) => [sample]);
  return isSeries(subject) ? [...single, subject.samples, []] : single;
}

/** Whether the bytes alone tell one message from the next: not where silence or the end of the channel does. */
function isSeries(subject: FramingSubject): boolean {
  return subject.boundary === "message" && !subject.create().timing?.silenceMs;
}

function streamOf(subject: FramingSubject, payloads: readonly Uint8Array[]): Buffer {
  const framing = subject.create();
  return Buffer.concat(payloads.map((payload) => joined(framing.encode(payload))));
}

/** What is sent arrives, all of it and nothing else, however it is cut. */
function checkRoundTrips(subject: FramingSubject): string | undefined {
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
function checkStrings(subject: FramingSubject): string | undefined {
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

/**
 * An end in mid-message is reported as such, after the messages before it, with what was received and what was due; or the
 * end completes a message with what there is, where the framing says so; or what came belongs to no message.
 */
function checkTruncation(subject: FramingSubject): string | undefined {
  if (!isSeries(subject)) return undefined;
  for (const sample of subject.samples) {
    const whole = joined(subject.create().encode(sample));
    const lengths = Array.from({ length: Math.min(whole.length - 1, LONGEST_CUT_EVERYWHERE) }, (_, index) => index + 1);
    for (const length of lengths) {
      const difference = truncationDifference(subject, sample, whole, length);
      if (difference !== undefined) return difference;
    }
  }
  return undefined;
}

/** What is wrong if the channel ends `length` bytes into the second of two messages. */
function truncationDifference(
  subject: FramingSubject,
  sample: Uint8Array,
  whole: Buffer,
  length: number,
): string | undefined {
  const { fault, messages } = readPieces(subject.create(), [Buffer.concat([whole, whole.subarray(0, length)])]);
  const last = messages[1];
  if (messages.length === 2 && fault === undefined && Buffer.isBuffer(last)) {
    // The end completes a message: with what came of it.
    return last.equals(sample.subarray(0, last.length))
      ? undefined
      : `the end after ${length} bytes made ${shown(last)}`;
  }
  if (messages.length !== 1) return `after ${length} bytes too few there are ${messages.length} messages`;
  const skipped = skippedBefore(subject, whole, length);
  if (fault === undefined && skipped === length && isWithout(subject, sample, whole, skipped)) return undefined;
  if (fault?.code !== "ERR_FRAME_TRUNCATED") return `${length} of ${whole.length} bytes gave ${JSON.stringify(fault)}`;
  const { received = Number.NaN, expected } = fault;
  // Where it is known how much was due, a header counts on neither side; what is skipped never counts.
  const isRight =
    expected === undefined ? received === length - skipped : expected - received === whole.length - length;
  return isRight ? undefined : `${length} of ${whole.length} bytes gave ${JSON.stringify(fault)}`;
}

/** How many of the first `length` bytes the framing has skipped as belonging to no message. */
function skippedBefore(subject: FramingSubject, whole: Buffer, length: number): number {
  const reader = readerOf<Buffer>(subject.create());
  reader.push(Buffer.from(whole.subarray(0, length)));
  reader.next();
  return length - reader.length;
}

/** Whether a message arrives all the same without its first bytes, so that these do not belong to it. */
function isWithout(subject: FramingSubject, sample: Uint8Array, whole: Buffer, length: number): boolean {
  const { messages, fault } = readPieces(subject.create(), [whole.subarray(length)]);
  return fault === undefined && messages.length === 1 && Buffer.compare(messages[0] as Buffer, sample) === 0;
}

/** A message is its receiver's own: later input does not change it, and changing it does not change later messages. */
function checkOwnership(subject: FramingSubject): string | undefined {
  if (!isSeries(subject)) return undefined;
  const payloads = [...subject.samples, ...subject.samples];
  const stream = streamOf(subject, payloads);
  for (const size of [...PIECE_SIZES, stream.length]) {
    const reader = readerOf<Buffer>(subject.create());
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
function checkCopies(subject: FramingSubject): string | undefined {
  const payload = Buffer.alloc(1024 * 1024, subject.samples.find((sample) => sample.length > 0)?.[0]);
  const pieces = encodedPieces(subject, payload);
  if (pieces === undefined) return undefined;
  if (!joined(pieces).includes(payload)) return undefined;
  const isPayload = (piece: Uint8Array): boolean =>
    piece.buffer === payload.buffer && piece.byteOffset === payload.byteOffset && piece.length === payload.length;
  return pieces.some(isPayload) ? undefined : "a payload of 1 MiB was copied";
}

/** The pieces that carry a payload, or `undefined` if the framing cannot carry it. */
function encodedPieces(subject: FramingSubject, payload: Uint8Array): readonly Uint8Array[] | undefined {
  try {
    const encoded = subject.create().encode(payload);
    return encoded instanceof Uint8Array ? [encoded] : encoded;
  } catch (error) {
    if (ChannelError.is(error)) return undefined;
    throw error;
  }
}

/** All checks, by what they check. */
export const framingChecks: Readonly<Record<string, (subject: FramingSubject) => string | undefined>> = {
  "what is sent arrives, however it is cut": checkRoundTrips,
  "messages as strings are the same, however they are cut": checkStrings,
  "an end in mid-message is reported": checkTruncation,
  "a message is its receiver's own": checkOwnership,
  "a large payload is not copied": checkCopies,
};
