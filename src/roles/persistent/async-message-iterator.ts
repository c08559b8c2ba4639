import type { Inbox, InboxReader } from "../../core/messages/inbox.ts";

/** Iterates over the messages of a persistent channel; open from its making until it returns or ends. */
export class AsyncMessageIterator<Message> implements AsyncGenerator<Message, void, undefined> {
  readonly #inbox: Inbox<Message>;
  readonly #reader: InboxReader<Message>;

  constructor(inbox: Inbox<Message>) {
    this.#inbox = inbox;
    this.#reader = inbox.open();
  }

  /** The next message. */
  next(): Promise<IteratorResult<Message, void>> {
    return new Promise((resolve, reject) => {
      this.#inbox.ask(this.#reader, {
        take: (value) => resolve({ done: false, value }),
        end: () => resolve({ done: true, value: undefined }),
        fail: reject,
      });
    });
  }

  /** Ends the iteration, also for calls of {@link next} that are pending. */
  return(): Promise<IteratorResult<Message, void>> {
    this.#inbox.close(this.#reader);
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Ends the iteration, and rejects with the error. */
  async throw(error: unknown): Promise<IteratorResult<Message, void>> {
    this.#inbox.close(this.#reader);
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
