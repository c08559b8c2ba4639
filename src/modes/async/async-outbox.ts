import type { CheckedSettings } from "../../core/channel-settings.ts";
import type { Deadlines } from "../../core/deadlines.ts";
import type { QuietGate } from "../../core/exchange/quiet-gate.ts";
import { gather } from "../../core/bytes/gather.ts";
import { checkQueue } from "../../core/limits.ts";
import { type ChannelError, TimeoutError } from "../../errors.ts";
import type { AsyncTransport } from "./async-transport.ts";

/** The bytes of a message, in one piece or several. */
type Encoded = Uint8Array | readonly Uint8Array[];

/** A message that waits for room. */
interface Sender {
  readonly pieces: readonly Uint8Array[];
  /** Called when the message was added, or cannot be any more. */
  readonly added: (error?: ChannelError) => void;
}

/** What waits to be sent over a transport, and the deadline for the other end to take it. */
export class AsyncOutbox {
  readonly #transport: AsyncTransport<unknown>;
  readonly #settings: Pick<CheckedSettings, "maxQueuedBytes" | "writeTimeoutMs">;
  readonly #deadlines: Pick<Deadlines<"write" | "quiet">, "set" | "has">;
  /** Only where the framing wants a quiet line before each message; every piece is a message then. */
  readonly #gate: QuietGate | undefined;
  /** Whether a message is on its way to the wire, behind the gate. */
  #isSending = false;
  readonly #whenSent: ((error?: ChannelError) => void)[] = [];
  #pieces: Uint8Array[] = [];
  #length = 0;
  #isFlushScheduled = false;
  /** Messages that wait for room, in order. */
  readonly #senders: Sender[] = [];
  /** How much had been written when the deadline was set. */
  #progress = 0;

  /**
   * @param deadlines holds the deadlines `write`; when it passes, ask {@link stalled}; and `quiet`; when that passes,
   * {@link flush}.
   * @param gate says when the line was quiet for long enough, where that matters.
   */
  constructor(
    transport: AsyncTransport<unknown>,
    settings: Pick<CheckedSettings, "maxQueuedBytes" | "writeTimeoutMs">,
    deadlines: Pick<Deadlines<"write" | "quiet">, "set" | "has">,
    gate: QuietGate | undefined,
  ) {
    this.#gate = gate;
    this.#transport = transport;
    this.#settings = settings;
    this.#deadlines = deadlines;
  }

  /** Bytes that wait, here and in the transport. */
  get queuedBytes(): number {
    return this.#length + this.#transport.queuedBytes;
  }

  /** Bytes that wait here, to be given to the transport. */
  get length(): number {
    return this.#length;
  }

  /** Whether messages wait for a quiet line. */
  get isWaiting(): boolean {
    return this.#gate !== undefined && this.#length > 0;
  }

  /**
   * Adds the bytes of one message.
   *
   * @throws BackPressureError if more than `maxQueuedBytes` would wait. Nothing is added then.
   */
  add(encoded: Encoded): void {
    const pieces = encoded instanceof Uint8Array ? [encoded] : encoded;
    const size = sizeOf(pieces);
    // What waits for room has come first.
    const ahead = this.#senders.length === 0 ? 0 : sizeOf(this.#senders.flatMap((each) => each.pieces));
    checkQueue(this.queuedBytes + ahead, size, this.#settings.maxQueuedBytes);
    this.#push(pieces, size);
  }

  /**
   * Adds the bytes of one message as soon as there is room for them, behind those that wait already.
   *
   * @param added called when that is done, or cannot be any more.
   * @returns a function that takes the message back, if it was not added yet.
   * @throws BackPressureError if there can never be room.
   */
  addWhenRoom(encoded: Encoded, added: (error?: ChannelError) => void): () => void {
    const pieces = encoded instanceof Uint8Array ? [encoded] : encoded;
    checkQueue(0, sizeOf(pieces), this.#settings.maxQueuedBytes);
    const sender: Sender = { pieces, added };
    this.#senders.push(sender);
    this.admit();
    return () => {
      const at = this.#senders.indexOf(sender);
      if (at >= 0) this.#senders.splice(at, 1);
    };
  }

  /** Adds what there is room for now. */
  admit(): void {
    for (let next = this.#senders[0]; next !== undefined; next = this.#senders[0]) {
      const size = sizeOf(next.pieces);
      if (this.queuedBytes + size > this.#settings.maxQueuedBytes) return;
      this.#senders.shift();
      this.#push(next.pieces, size);
      next.added();
    }
  }

  /** Nothing more is taken: who waits for room gets the error. What is queued is still sent. */
  refuse(error: ChannelError): void {
    for (const { added } of this.#senders.splice(0)) added(error);
  }

  /** Sends soon: what is added in one go leaves in one write. */
  scheduleFlush(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    queueMicrotask(() => this.flush());
  }

  /** Gives everything to the transport. */
  flush(): void {
    this.#isFlushScheduled = false;
    if (this.#length === 0) return;
    if (this.#gate !== undefined) return this.#sendWhenQuiet(this.#gate);
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#length = 0;
    this.#transport.write(gather(pieces));
    if (this.#transport.queuedBytes > 0) this.#limitWrite();
  }

  #push(pieces: readonly Uint8Array[], size: number): void {
    this.#pieces.push(...pieces);
    this.#length += size;
  }

  /** Drops everything. */
  clear(): void {
    this.#pieces = [];
    this.#length = 0;
  }

  /** Nothing more can be sent: what waits is dropped, and who waits for room or for a quiet line gets the error. */
  stop(error: ChannelError): void {
    this.clear();
    this.refuse(error);
    for (const action of this.#whenSent.splice(0)) action(error);
  }

  /**
   * Resolves once nothing waits for a quiet line any longer.
   *
   * @throws the error of {@link stop}, if that is called before.
   */
  sent(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#callWhenSent((error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  /** Closes this side of the transport once nothing waits for a quiet line any longer. */
  finish(): void {
    this.#callWhenSent((error) => {
      if (error === undefined) this.#transport.finish();
    });
  }

  #callWhenSent(action: (error?: ChannelError) => void): void {
    this.#whenSent.push(action);
    this.#settle();
  }

  /** Sends the first message if the line was quiet for long enough, and the next when that one has left. */
  #sendWhenQuiet(gate: QuietGate): void {
    if (this.#isSending) return;
    const now = performance.now();
    if (!gate.maySend(now)) {
      this.#deadlines.set("quiet", Math.max(1, gate.sendDue - now));
      this.#limitWrite();
      return;
    }
    const piece = this.#pieces.shift() as Uint8Array;
    this.#length -= piece.length;
    this.#isSending = true;
    this.#transport.write([piece]);
    this.#limitWrite();
    const left = (): void => {
      gate.sent(performance.now());
      this.#isSending = false;
      this.#settle();
      this.flush();
    };
    // A transport that fails says so to the connection.
    this.#transport.drain().then(left, left);
  }

  #limitWrite(): void {
    if (this.#deadlines.has("write")) return;
    this.#progress = this.#transport.bytesWritten;
    this.#deadlines.set("write", this.#settings.writeTimeoutMs);
  }

  #settle(): void {
    if (this.#isSending || this.#length > 0) return;
    for (const action of this.#whenSent.splice(0)) action();
  }

  /** Called at the deadline: an error if the other end has taken nothing since it was set, else a new deadline. */
  stalled(): ChannelError | undefined {
    const { queuedBytes } = this;
    const { bytesWritten } = this.#transport;
    if (queuedBytes === 0) return undefined;
    const { writeTimeoutMs } = this.#settings;
    if (bytesWritten !== this.#progress) {
      this.#progress = bytesWritten;
      this.#deadlines.set("write", writeTimeoutMs);
      return undefined;
    }
    const text = `the other end took no byte for ${writeTimeoutMs} ms; ${queuedBytes} bytes were left to send`;
    return new TimeoutError("ERR_WRITE_TIMEOUT", text, { bytesWritten });
  }
}

function sizeOf(pieces: readonly Uint8Array[]): number {
  let size = 0;
  for (const piece of pieces) size += piece.length;
  return size;
}
