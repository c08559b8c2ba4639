/** How much may wait in an {@link Inbox} before the other end has to wait too. */
export interface InboxLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** Who takes messages when no iterator is open, and who hears of what happens to the inbox. */
export interface InboxOwner<Message> {
  /** Whether anybody listens. */
  hasListeners(): boolean;
  /** Gives a message to all listeners. */
  emit(message: Message): void;
  /** There is room again. */
  roomy(): void;
  /** The last iterator was closed before it took the error that ended the channel. */
  lost(error: unknown): void;
}

/** Somebody who asked an iterator for a message. Exactly one of these is called, once. */
export interface Taker<Message> {
  take(message: Message): void;
  end(): void;
  fail(error: unknown): void;
}

/** An iterator's place at the inbox. */
export interface InboxReader<Message> {
  readonly takers: Taker<Message>[];
  /** How many messages had arrived when the channel closed, and the error that closed it. */
  end: { readonly arrived: number; error: unknown } | undefined;
}

/**
 * The messages of a persistent channel that wait for somebody. Each message is given exactly once, in order: to an open
 * iterator, alone; else to all listeners; else it waits. Iterators and listeners may come and go at any time, also while
 * the channel is closed. There are no promises in it; see `AsyncPersistentChannel`.
 */
export class Inbox<Message> {
  readonly #limits: InboxLimits;
  readonly #owner: InboxOwner<Message>;
  readonly #waiting: { readonly message: Message; readonly size: number }[] = [];
  readonly #readers: InboxReader<Message>[] = [];
  #bytes = 0;
  /** How many messages were ever pushed, and how many of them are gone. */
  #arrived = 0;
  #gone = 0;
  /** Whether the channel has closed: an iterator that comes now gets what is left, and ends. */
  #isEnded = false;
  #isGiving = false;

  constructor(limits: InboxLimits, owner: InboxOwner<Message>) {
    this.#limits = limits;
    this.#owner = owner;
  }

  /** Whether the next message may come. */
  get hasRoom(): boolean {
    return this.#waiting.length < this.#limits.maxMessages && this.#bytes < this.#limits.maxBytes;
  }

  /** Adds a message that took `size` bytes. */
  push(message: Message, size: number): void {
    this.#arrived++;
    this.#waiting.push({ message, size });
    this.#bytes += size;
    this.give();
  }

  /** Gives away what can be given. To be called when a listener has come. */
  give(): void {
    // Somebody who gets a message may come back here: the next message is given when all have got this one.
    if (this.#isGiving) return;
    this.#isGiving = true;
    try {
      while (this.#waiting.length > 0) {
        const reader = this.#readers.find((each) => each.takers.length > 0 && !this.#isOver(each));
        if (reader !== undefined) reader.takers.shift()?.take(this.#shift());
        else if (this.#readers.length === 0 && this.#owner.hasListeners()) this.#owner.emit(this.#shift());
        else break;
      }
    } finally {
      this.#isGiving = false;
    }
    for (const reader of this.#readers.filter((each) => each.takers.length > 0 && this.#isOver(each))) {
      for (const taker of reader.takers.splice(0)) this.#finish(reader, taker);
    }
  }

  /** Drops all messages that wait. */
  clear(): void {
    const hadRoom = this.hasRoom;
    this.#gone += this.#waiting.length;
    this.#waiting.length = 0;
    this.#bytes = 0;
    if (!hadRoom) this.#owner.roomy();
  }

  /** The channel is being opened: iterators that come now wait for its messages. */
  begin(): void {
    this.#isEnded = false;
  }

  /**
   * The channel has closed: open iterators end behind the messages that wait.
   *
   * @param error what closed it; the first iterator that gets there gets it.
   * @returns whether an iterator gets the error.
   */
  end(error?: unknown): boolean {
    this.#isEnded = true;
    const readers = this.#readers.filter((reader) => reader.end === undefined);
    for (const [index, reader] of readers.entries()) {
      reader.end = { arrived: this.#arrived, error: index === 0 ? error : undefined };
    }
    this.give();
    return readers.length > 0;
  }

  /** Opens an iterator. */
  open(): InboxReader<Message> {
    const end = this.#isEnded ? { arrived: this.#arrived, error: undefined } : undefined;
    const reader: InboxReader<Message> = { takers: [], end };
    this.#readers.push(reader);
    return reader;
  }

  /** The iterator asks for its next message. */
  ask(reader: InboxReader<Message>, taker: Taker<Message>): void {
    if (!this.#readers.includes(reader)) return taker.end();
    reader.takers.push(taker);
    this.give();
  }

  /** Closes an iterator: what it asked for and did not get ends, and other messages go to others. */
  close(reader: InboxReader<Message>): void {
    const at = this.#readers.indexOf(reader);
    if (at < 0) return;
    this.#readers.splice(at, 1);
    for (const taker of reader.takers.splice(0)) taker.end();
    const error = reader.end?.error;
    reader.end = undefined;
    if (error !== undefined) this.#owner.lost(error);
    this.give();
  }

  #finish(reader: InboxReader<Message>, taker: Taker<Message>): void {
    const error = reader.end?.error;
    reader.end = reader.end && { arrived: reader.end.arrived, error: undefined };
    this.close(reader);
    if (error === undefined) taker.end();
    else taker.fail(error);
  }

  /** Whether nothing is left for an iterator whose channel has closed. */
  #isOver({ end }: InboxReader<Message>): boolean {
    return end !== undefined && this.#gone >= end.arrived;
  }

  #shift(): Message {
    const hadRoom = this.hasRoom;
    const { message, size } = this.#waiting.shift() as { message: Message; size: number };
    this.#bytes -= size;
    this.#gone++;
    if (!hadRoom && this.hasRoom) this.#owner.roomy();
    return message;
  }
}
