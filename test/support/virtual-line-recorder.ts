import { EventEmitter, once } from "node:events";
import type { ChannelError } from "../../src/errors.ts";
import type { AsyncTransport, TransportEvents } from "../../src/modes/async/async-transport.ts";

/** Writes down what a transport tells, in order, and lets a test wait for it. */
export class Recorder implements TransportEvents {
  /** The events so far, neighbouring data counted as one. */
  readonly told: string[] = [];
  readonly #emitter = new EventEmitter();
  #pieces: Buffer[] = [];
  #length = 0;
  #closed: Promise<ChannelError | undefined>;

  constructor(transport: AsyncTransport<unknown>) {
    this.#closed = once(this.#emitter, "closed").then(([error]) => error as ChannelError | undefined);
    transport.attach(this);
  }

  /** How many bytes came. */
  get length(): number {
    return this.#length;
  }

  /** The bytes that came. */
  get bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  /** Resolves when so many bytes have come in all. */
  async received(length: number): Promise<Buffer> {
    while (this.#length < length) await once(this.#emitter, "data");
    return this.bytes;
  }

  /** Resolves when an event is told the next time. */
  async next(event: "data" | "ended" | "drained" | "silent"): Promise<void> {
    await once(this.#emitter, event);
  }

  /** Resolves with the error, if any, when the transport has closed. */
  async closing(): Promise<ChannelError | undefined> {
    return await this.#closed;
  }

  data(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#length += bytes.length;
    this.#tell("data");
  }
  ended(): void {
    this.#tell("ended");
  }
  drained(): void {
    this.#tell("drained");
  }
  silent(): void {
    this.#tell("silent");
  }
  closed(error: ChannelError | undefined): void {
    this.#tell("closed", error);
  }

  #tell(event: string, ...details: unknown[]): void {
    if (this.told.at(-1) !== event || event === "closed") this.told.push(event);
    this.#emitter.emit(event, ...details);
  }
}
