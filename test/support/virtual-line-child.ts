/** The process that bridges virtual serial lines: it goes on while the program that uses them is blocked. */
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { ReadStream } from "node:tty";
import { duplicate, hasInput, openPseudoTerminal } from "./virtual-line-pty.ts";
import type { Answer, Request, Side } from "./virtual-line-protocol.ts";

/** Bytes that may wait on the way from one end to the other, besides what the system holds. */
const HIGH_WATER_MARK = 4096;
/** How soon it is tried again to write to an end that takes nothing. */
const RETRY_MS = 1;
/** How often it is looked whether the bytes on the way were read, before the line hangs up. */
const LOOK_MS = 2;
/** How often in a row nothing must be found: the system moves bytes in steps, and one look may fall between two. */
const LOOKS = 3;
const OPEN_SLAVE = constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK;

/** One end of a line. */
class End {
  readonly path: string;
  readonly stream: ReadStream;
  /**
   * A second descriptor of the terminal: for writing, because libuv writes to this kind of terminal in a way that blocks
   * the process, and for what the stream leaves behind.
   */
  #master: number | undefined;
  /**
   * A descriptor of the program's side: the line does not notice when the program closes its own, and the system gives
   * the path to no other line.
   */
  #keeper: number | undefined;
  /** What the program has not taken yet. */
  #outbox: Buffer[] = [];
  #retry: NodeJS.Timeout | undefined;
  #drained: () => void = () => undefined;
  #isStalled = false;
  #isFull = false;

  constructor(isKept: boolean) {
    const { master, path } = openPseudoTerminal();
    this.path = path;
    this.#master = duplicate(master);
    if (isKept) this.#keeper = openSync(path, OPEN_SLAVE);
    const options: ConstructorParameters<typeof ReadStream>[1] & { highWaterMark: number } = {
      highWaterMark: HIGH_WATER_MARK,
    };
    this.stream = new ReadStream(master, options);
    // EIO is how the system says that the program has closed its side; `close` follows.
    this.stream.on("error", () => undefined);
  }

  /** Passes on what the program writes here to the other end, and waits while that takes nothing. */
  bridgeTo(other: End): void {
    this.stream.on("data", (bytes: Buffer) => {
      this.#isFull = !other.#send(bytes);
      if (this.#isFull) this.#flow();
    });
    this.stream.once("close", () => {
      for (const rest of this.#leftBehind()) other.#send(rest);
      this.hangUp();
    });
    other.#drained = () => {
      this.#isFull = false;
      this.#flow();
    };
  }

  /** Stops or restarts taking what the program writes here. */
  set isStalled(isStalled: boolean) {
    this.#isStalled = isStalled;
    this.#flow();
  }

  /** Hangs up once everything on its way to the program has been read by it. */
  hangUpWhenRead(looks = LOOKS): void {
    if (this.stream.destroyed) return;
    this.#keeper ??= openSync(this.path, OPEN_SLAVE);
    const isRead = this.#outbox.length === 0 && !hasInput(this.#keeper);
    if (isRead && looks === 1) this.hangUp();
    else setTimeout(() => this.hangUpWhenRead(isRead ? looks - 1 : LOOKS), LOOK_MS);
  }

  /** Hangs up now; bytes on the way are lost. The path leads nowhere then, until {@link End.release}. */
  hangUp(): void {
    this.stream.destroy();
    clearTimeout(this.#retry);
    if (this.#master === undefined) return;
    this.#keeper ??= openSync(this.path, OPEN_SLAVE);
    closeSync(this.#master);
    this.#master = undefined;
  }

  /** Gives the path back to the system, once it has hung up. */
  release(): void {
    if (this.#keeper !== undefined) closeSync(this.#keeper);
    this.#keeper = undefined;
  }

  /**
   * What the program had written before it closed its side, and the stream did not hand out: libuv takes one short read
   * for all there is when the other side has hung up, but a terminal gives at most 4 KiB at a time.
   */
  *#leftBehind(): Generator<Buffer> {
    const held: unknown = this.stream.readableLength > 0 ? this.stream.read() : null;
    if (held instanceof Buffer) yield held;
    try {
      while (this.#master !== undefined) {
        const bytes = Buffer.allocUnsafe(HIGH_WATER_MARK);
        const length = readSync(this.#master, bytes);
        if (length === 0) return;
        yield bytes.subarray(0, length);
      }
    } catch {
      // EIO: nothing is left.
    }
  }

  /** Gives bytes to the program. False: it has not taken them all yet; `#drained` follows. */
  #send(bytes: Buffer): boolean {
    this.#outbox.push(bytes);
    if (this.#retry === undefined) this.#pump();
    return this.#outbox.length === 0;
  }

  #pump(): void {
    this.#retry = undefined;
    try {
      for (let next = this.#outbox[0]; next !== undefined && this.#master !== undefined; next = this.#outbox[0]) {
        const rest = next.subarray(writeSync(this.#master, next));
        if (rest.length > 0) this.#outbox[0] = rest;
        else this.#outbox.shift();
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") {
        this.#retry = setTimeout(() => {
          this.#pump();
          if (this.#outbox.length === 0) this.#drained();
        }, RETRY_MS);
      } else this.#outbox = [];
    }
  }

  #flow(): void {
    if (this.#isStalled || this.#isFull) this.stream.pause();
    else this.stream.resume();
  }
}

/** Two ends and what connects them. */
class Line {
  readonly ends: Readonly<Record<Side, End>>;

  constructor(onClose: "keep" | "hang-up") {
    const a = new End(onClose === "keep");
    const b = new End(onClose === "keep");
    this.ends = { a, b };
    a.bridgeTo(b);
    b.bridgeTo(a);
    if (onClose === "keep") return;
    a.stream.once("close", () => b.hangUpWhenRead());
    b.stream.once("close", () => a.hangUpWhenRead());
  }

  set isStalled(isStalled: boolean) {
    this.ends.a.isStalled = isStalled;
    this.ends.b.isStalled = isStalled;
  }

  /** Hangs up one end or both. Resolves when the system has let go of them. */
  async hangUp(sides: readonly Side[]): Promise<void> {
    const ends = sides.map((side) => this.ends[side]);
    const closed = ends.map(async ({ stream }) => {
      if (!stream.closed) await new Promise((resolve) => stream.once("close", resolve));
    });
    for (const end of ends) end.hangUp();
    await Promise.all(closed);
  }

  /** Hangs up, and gives the paths back to the system. */
  async close(): Promise<void> {
    await this.hangUp(["a", "b"]);
    this.ends.a.release();
    this.ends.b.release();
  }
}

const lines = new Map<number, Line>();

async function serve(request: Request): Promise<Partial<Answer>> {
  if (request.verb === "open") {
    const line = new Line(request.onClose);
    lines.set(request.line, line);
    return { a: line.ends.a.path, b: line.ends.b.path };
  }
  const line = lines.get(request.line);
  if (line === undefined) return {};
  if (request.verb === "close") {
    lines.delete(request.line);
    await line.close();
  } else if (request.verb === "hang-up") await line.hangUp(request.side === undefined ? ["a", "b"] : [request.side]);
  else line.isStalled = request.verb === "stall";
  return {};
}

process.on("message", (request: Request) => {
  serve(request).then(
    (answer) => process.send?.({ id: request.id, ...answer }),
    (error: unknown) => process.send?.({ id: request.id, error: String(error) }),
  );
});
// The lines end with the program that uses them, not with the terminal's Ctrl-C, which that program may handle.
process.on("disconnect", () => process.exit(0));
process.on("SIGINT", () => undefined);
