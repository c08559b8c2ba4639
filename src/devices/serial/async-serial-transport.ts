import type { Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import type { ChannelError } from "../../errors.ts";
import type { AsyncTransport, TransportEvents } from "../../modes/async/async-transport.ts";
import type { SerialLink } from "./serial.ts";
import { SerialWriter } from "./async-serial-writer.ts";
import type { SerialPortHandle } from "./port.ts";
import { portClosedError, portGoneError } from "./serial-errors.ts";
import { SerialPortLink } from "./serial-link.ts";
import type { SerialSettings } from "./serial-settings.ts";

/** How often, at most, the event loop turns to drop what was received: a line that never falls silent has an end too. */
const MOST_FLUSH_TURNS = 64;

type State = "open" | "finishing" | "closing" | "closed";

/** An open serial port as the asynchronous mode sees it: the bytes in a stream, everything else through the port. */
export class AsyncSerialTransport implements AsyncTransport<SerialLink> {
  readonly link: SerialLink;
  readonly canResynchronise = true;
  readonly #path: string;
  readonly #stream: Duplex;
  readonly #port: SerialPortHandle;
  readonly #writer: SerialWriter;
  readonly #onData = (bytes: Buffer): void => this.#data(bytes);
  #events: TransportEvents | undefined;
  #state: State = "open";
  /** What `closed` reports, once the state is `"closing"`. */
  #error: ChannelError | undefined;
  #isPaused = false;
  /** How many calls of `flush` are dropping what comes in. */
  #flushes = 0;
  /** Pieces of data that came in, as a mark of whether any came since. */
  #received = 0;

  /**
   * @param settings where the port is.
   * @param stream the bytes; must not be flowing yet.
   * @param port the open port. Both belong to the transport from now on.
   */
  constructor(settings: Pick<SerialSettings, "path">, stream: Duplex, port: SerialPortHandle) {
    this.#path = settings.path;
    this.#stream = stream;
    this.#port = port;
    this.#writer = new SerialWriter(stream, () => this.#events?.drained());
    this.link = new SerialPortLink(settings.path, port, () => this.drain());
    stream.on("error", (error) => this.#hungUp(error));
    stream.once("end", () => this.#hungUp());
    stream.once("close", () => this.#hungUp());
  }

  get queuedBytes(): number {
    return this.#writer.queuedBytes;
  }

  get bytesWritten(): number {
    return this.#writer.bytesWritten;
  }

  attach(events: TransportEvents): void {
    this.#events = events;
    if (this.#state === "closed") {
      queueMicrotask(() => events.closed(this.#error));
      return;
    }
    this.#stream.on("data", this.#onData);
  }

  write(pieces: readonly Uint8Array[]): void {
    if (this.#state === "open") this.#writer.write(pieces);
  }

  pause(): void {
    this.#isPaused = true;
    if (this.#flushes === 0) this.#stream.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#stream.resume();
  }

  finish(): void {
    if (this.#state !== "open") return;
    this.#state = "finishing";
    // A port that is lost meanwhile closes the transport itself.
    this.drain().then(
      () => this.#close(undefined),
      () => this.#close(undefined),
    );
  }

  /**
   * Takes off and drops what came in. Not by `tcflush`, as `serialport` does, because that would drop as well what was
   * written and is on its way out.
   */
  async flush(): Promise<void> {
    if (!this.#isAlive) return;
    this.#flushes++;
    this.#stream.resume();
    for (let turns = 0, before = -1; turns < MOST_FLUSH_TURNS && before !== this.#received && this.#isAlive; turns++) {
      before = this.#received;
      // The first turn may already be past the point where the loop looks at the line.
      await turn();
      await turn();
    }
    this.#flushes--;
    if (this.#isPaused && this.#flushes === 0) this.#stream.pause();
  }

  async drain(): Promise<void> {
    await this.#writer.written();
    await this.#port.drain().catch((cause: unknown) => {
      throw this.#isAlive
        ? portGoneError(this.#path, this.bytesWritten, cause)
        : (this.#error ?? portClosedError(this.#path));
    });
    // Closing drops what the driver holds: that is no drain.
    if (!this.#isAlive) throw this.#error ?? portClosedError(this.#path);
  }

  destroy(error?: ChannelError): void {
    this.#close(error);
  }

  get #isAlive(): boolean {
    return this.#state === "open" || this.#state === "finishing";
  }

  #data(bytes: Buffer): void {
    this.#received++;
    if (this.#flushes > 0 || !this.#isAlive) return;
    this.#events?.data(bytes);
  }

  /** The line is gone: passes on its last bytes, then its end, then the error. */
  #hungUp(cause?: Error): void {
    if (!this.#isAlive) return;
    const isAskedFor = this.#state === "finishing" && this.queuedBytes === 0;
    const error = isAskedFor ? undefined : portGoneError(this.#path, this.bytesWritten, cause);
    this.#stream.off("data", this.#onData);
    for (let rest = this.#rest(); rest !== null && this.#isAlive; rest = this.#rest()) this.#data(rest);
    if (this.#isAlive) this.#events?.ended();
    this.#close(error);
  }

  /** What the stream has read and not handed out, because it was paused. */
  #rest(): Buffer | null {
    return this.#stream.readableLength > 0 ? (this.#stream.read() as Buffer | null) : null;
  }

  #close(error: ChannelError | undefined): void {
    if (!this.#isAlive) return;
    this.#state = "closing";
    this.#error = error;
    this.#writer.stop(error ?? portClosedError(this.#path));
    void this.#release();
  }

  async #release(): Promise<void> {
    const stream = this.#stream;
    if (!stream.closed) {
      const closed = new Promise((resolve) => stream.once("close", resolve));
      stream.destroy();
      await closed;
    }
    await this.#port.close();
    this.#state = "closed";
    this.#events?.closed(this.#error);
  }
}
