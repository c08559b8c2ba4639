/** What is sent, and what has to come back. */

/** What tells the end of a message of a framing. */
export type Boundary = "message" | "half-close" | "channel";

/** The messages of one connection, and how they are to be answered. */
export interface Task {
  readonly messages: readonly Buffer[];
  readonly boundary: Boundary;
  /** The size of all messages, in bytes. */
  readonly size: number;
  /** The options of the framing, at both ends. */
  readonly options: Readonly<Record<string, number>>;
}

/** One message and its answer, verified. */
export interface Exchange {
  /** Payload in both directions. */
  readonly bytes: number;
  readonly milliseconds: number;
}

const CR = 13;
/** Makes the byte behind it part of a message. */
const DLE = 16;
/** How often the whole file is sent with framings that have one message a connection. */
const ROUNDS = 5;

/** The size of the records that a file is cut into where all messages have the same length. */
const RECORD_SIZE = 32;
/** So many messages are enough where each costs a pause. */
const FEW = 3;

/**
 * The tasks for a framing, one a connection: all lines of the file where a channel carries any number of messages, else
 * the whole file several times.
 *
 * @param suffix of the framing: some need an option, or cannot carry every line.
 */
export function tasksFor(boundary: Boundary, file: Buffer, suffix = ""): Task[] {
  const size = file.length;
  const options = { maxMessageSize: size };
  if (boundary !== "message")
    return Array.from({ length: ROUNDS }, () => ({ messages: [file], boundary, size, options }));
  const lines = linesOf(file);
  switch (suffix) {
    case "WithFixedLength":
      return [{ messages: recordsOf(file), boundary, size, options: { messageLength: RECORD_SIZE } }];
    case "WithSilence":
      return [{ messages: lines.filter((line) => line.length > 0).slice(0, FEW), boundary, size, options }];
    case "WithSlip":
      return [{ messages: lines.filter((line) => line.length > 0), boundary, size, options }];
    case "WithLines":
      return [{ messages: lines.filter((line) => line.at(-1) !== CR), boundary, size, options }];
    case "WithStartEnd":
      return [{ messages: lines, boundary, size, options: { ...options, escape: DLE } }];
    default:
      return [{ messages: lines, boundary, size, options }];
  }
}

/** The file in records of one size, the last one filled up with blanks. */
function recordsOf(file: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(file.length / RECORD_SIZE) }, (_, index) => {
    const record = Buffer.alloc(RECORD_SIZE, " ");
    file.copy(record, 0, index * RECORD_SIZE, (index + 1) * RECORD_SIZE);
    return record;
  });
}

/** The lines of a file, without their ends. Whatever its encoding, no byte is changed. */
export function linesOf(file: Buffer): Buffer[] {
  const lines = file.toString("latin1").split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => Buffer.from(line, "latin1"));
}

/**
 * The answer to a message: its letters moved by 13 places. Not the message itself, which a line that only echoes what is
 * sent would bring back too; and byte by byte, so that a message can be answered in pieces.
 */
export function answerTo(message: Buffer): Buffer {
  return Buffer.from(message.map((byte) => rot13(byte)));
}

function rot13(byte: number): number {
  const letter = byte & ~32;
  if (letter < 65 || letter > 90) return byte;
  return letter < 78 ? byte + 13 : byte - 13;
}

/** What an end that answers needs of its channel. */
interface AnsweringChannel {
  start(data: Buffer): void;
  finish(): void;
}

/** Answers what comes in on one connection. */
export class Answerer {
  readonly #endsWithTask: boolean;
  #left: number;

  constructor({ boundary, size }: Pick<Task, "boundary" | "size">) {
    this.#endsWithTask = boundary !== "message";
    this.#left = size;
  }

  /** Answers a message, or what a read brought of it; closes the channel after the last where that ends the answer. */
  answer(data: Buffer, channel: AnsweringChannel): void {
    channel.start(answerTo(data));
    this.#left -= data.length;
    if (this.#endsWithTask && this.#left <= 0) channel.finish();
  }
}

/**
 * Checks an answer, and tells of the exchange.
 *
 * @throws Error if the answer is not what it should be.
 */
export function verified(message: Buffer, answer: Buffer, startedAt: number): Exchange {
  const milliseconds = performance.now() - startedAt;
  const expected = answerTo(message);
  if (!answer.equals(expected)) {
    throw new Error(`wrong answer: ${shown(answer)} where ${shown(expected)} was due`);
  }
  return { bytes: message.length + answer.length, milliseconds };
}

function shown(bytes: Buffer): string {
  return `${JSON.stringify(bytes.subarray(0, 40).toString("latin1"))} (${bytes.length} bytes)`;
}
