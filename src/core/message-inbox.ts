/** Messages that wait for an async iterator, in order. */
export class MessageInbox<Message> {
  readonly #limit: number;
  readonly #messages: Message[] = [];
  #waiting: { resolve: (result: IteratorResult<Message, undefined>) => void; reject: (error: unknown) => void }[] = [];
  #resume: (() => void) | undefined;
  #end: { readonly error: unknown } | undefined;

  /** @param limit with so many messages waiting, whoever brings them has to wait too. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds a message. A promise that is returned resolves when there is room for the next. */
  push(message: Message): Promise<void> | undefined {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting.resolve({ done: false, value: message });
    else this.#messages.push(message);
    if (this.#messages.length < this.#limit) return undefined;
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  /** Ends the iteration behind the messages that are there; with an error, which the next call of {@link next} gets. */
  end(error?: unknown): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#resume?.();
    this.#end = { error };
    for (const { resolve, reject } of waiting) this.next().then(resolve, reject);
  }

  /** The next message, as an iterator gives it. */
  next(): Promise<IteratorResult<Message, undefined>> {
    if (this.#messages.length > 0) return Promise.resolve({ done: false, value: this.#take() });
    const end = this.#end;
    if (end === undefined) return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    if (end.error === undefined) return Promise.resolve({ done: true, value: undefined });
    // An error is told once; who asks again hears that there is no more.
    this.#end = { error: undefined };
    return Promise.reject(end.error);
  }

  /** Takes out all messages that wait. */
  *drain(): Generator<Message, void> {
    while (this.#messages.length > 0) yield this.#take();
  }

  #take(): Message {
    const message = this.#messages.shift() as Message;
    if (this.#messages.length < this.#limit) {
      this.#resume?.();
      this.#resume = undefined;
    }
    return message;
  }
}
