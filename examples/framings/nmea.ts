/** NMEA 0183: the sentences of marine instruments and satellite receivers. */
import { type FrameInput, type Framing, FramingError, type MessageBoundary } from "plib-io/data";

/** The longest sentence that the standard allows, from the `$` to the line end. */
const MAX_SENTENCE = 82;
const LINE_FEED = 10;
/** What follows the text of a sentence: `*`, two digits, and the line end. */
const TRAILER = 5;

/**
 * NMEA 0183 sentences: `$GPGLL,4916.45,N*5D`, and a line end. A message is the sentence up to the `*`; the checksum behind
 * it is added when a sentence is sent and verified when one is received. A sentence that is damaged is reported as an
 * `ERR_FRAME_INVALID` to `onError`, and the channel goes on with the next line.
 *
 * @phrase each message is an NMEA 0183 sentence
 * @wire `$<text>*<checksum>\r\n`
 */
export class NmeaFraming implements Framing {
  static readonly suffix = "WithNmea";
  static readonly boundary: MessageBoundary = "message";

  decode<Message>(input: FrameInput<Message>): Message | undefined {
    const end = input.indexOf(LINE_FEED);
    const length = end < 0 ? input.length : end + 1;
    if (length > MAX_SENTENCE) {
      input.skip(MAX_SENTENCE);
      throw invalid(`no sentence ends within ${MAX_SENTENCE} bytes`);
    }
    if (end < 0) return undefined;
    const line = input.read(length);
    const fault = sentenceFault(line);
    if (fault !== undefined) throw invalid(`${fault}: ${JSON.stringify(line.toString("latin1"))}`);
    return input.message(line.subarray(0, line.length - TRAILER));
  }

  encode(payload: Uint8Array): readonly Uint8Array[] {
    const trailer = Buffer.from(`*${checksum(payload)}\r\n`, "latin1");
    const fault = sentenceFault(Buffer.concat([payload, trailer]));
    if (fault === undefined) return [payload, trailer];
    throw new FramingError("ERR_FRAME_INVALID", `not a sentence: ${fault}`, { outcome: "not-sent" });
  }
}

/** Why a line is not a sentence; `undefined` if it is one. */
function sentenceFault(line: Buffer): string | undefined {
  if (line.length > MAX_SENTENCE) return `it is longer than ${MAX_SENTENCE} bytes`;
  const match = /^([$!][ -)+-~]*)\*([0-9A-Fa-f]{2})\r\n$/.exec(line.toString("latin1"));
  if (match === null) return 'it is not "$", printable text, "*", two digits and a line end';
  const [, text = "", given = ""] = match;
  const due = checksum(Buffer.from(text, "latin1"));
  return given.toUpperCase() === due ? undefined : `its checksum is ${given} instead of ${due}`;
}

/** All bytes between the `$` and the `*`, exclusive-or. */
function checksum(text: Uint8Array): string {
  const sum = text.subarray(1).reduce((before, byte) => before ^ byte, 0);
  return sum.toString(16).toUpperCase().padStart(2, "0");
}

/** The bad line is off the input, and the next one begins: the channel can go on. */
function invalid(text: string): FramingError {
  return new FramingError("ERR_FRAME_INVALID", text, { isRecoverable: true });
}
