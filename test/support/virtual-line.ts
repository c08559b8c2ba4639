/**
 * Virtual serial lines: a null modem of two pseudo-terminals, bridged in a child process, so that they work while the
 * program that uses them is blocked. No system package is needed. Linux and macOS.
 */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { Answer, Request, Side } from "./virtual-line-protocol.ts";

/** How a virtual line behaves. */
export interface VirtualLineOptions {
  /**
   * What the other end sees when a program closes its end. `"keep"`: nothing, as on a cable; the end can be opened again.
   * `"hang-up"`: after the bytes on the way, the end of the line; then the line is used up. In this mode, open both ends
   * before either is closed.
   *
   * @defaultValue `"keep"`
   */
  onClose?: "keep" | "hang-up";
}

/**
 * A serial line between two paths. What is sent before the other end is open waits there; but mind that `serialport`
 * drops what it finds when it opens a port. A stalled line takes some 15 to 30 kB, then a writer has to wait.
 */
export interface VirtualLine {
  /** The path of one end. */
  readonly a: string;
  /** The path of the other end. */
  readonly b: string;
  /**
   * Hangs up, as if the device had been unplugged: one end, or both. Bytes on the way are lost. Until the line is closed,
   * there is nothing at its path.
   */
  hangUp(side?: Side): Promise<void>;
  /** Stops carrying bytes, in both directions, until {@link VirtualLine.resume}. */
  stall(): Promise<void>;
  /** Carries bytes again. */
  resume(): Promise<void>;
  /** Takes the line away. The process that bridges ends a little after the last line, or with this program. */
  close(): Promise<void>;
}

/** How long the bridging process waits for the next line: starting one takes longer than a short test. */
const LINGER_MS = 500;

type Verb<R> = R extends Request ? Omit<R, "id"> : never;

/** The process that bridges all lines of this thread. */
class Bridge {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  readonly #ended: () => void;
  #requests = 0;
  #lines = 0;
  #linger: NodeJS.Timeout | undefined;

  /** @param ended called when the process takes no more requests. */
  constructor(ended: () => void) {
    this.#ended = ended;
    this.#child = fork(new URL("./virtual-line-child.js", import.meta.url), [], {
      execArgv: [],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#child.on("message", (answer: Answer) => this.#answered(answer));
    this.#child.once("error", (error) => this.#end(error));
    this.#child.once("exit", (code, signal) => {
      this.#end(new Error(`the process that bridges virtual lines has ended (${signal ?? code})`));
    });
    // Only requests keep the program alive, not the process itself.
    this.#child.unref();
  }

  /** Makes a line. */
  async open(onClose: "keep" | "hang-up"): Promise<VirtualLine> {
    clearTimeout(this.#linger);
    this.#lines++;
    const line = this.#requests;
    const { a, b } = await this.#ask({ line, verb: "open", onClose });
    if (a === undefined || b === undefined) throw new Error("the process that bridges virtual lines gave no paths");
    let closing: Promise<void> | undefined;
    return {
      a,
      b,
      hangUp: async (side) => void (await this.#ask({ line, verb: "hang-up", side })),
      stall: async () => void (await this.#ask({ line, verb: "stall" })),
      resume: async () => void (await this.#ask({ line, verb: "resume" })),
      close: () => (closing ??= this.#close(line)),
    };
  }

  async #close(line: number): Promise<void> {
    await this.#ask({ line, verb: "close" });
    this.#lines--;
    if (this.#lines > 0) return;
    this.#linger = setTimeout(() => {
      this.#ended();
      if (this.#child.connected) this.#child.disconnect();
    }, LINGER_MS).unref();
  }

  async #ask(request: Verb<Request>): Promise<Answer> {
    const id = this.#requests++;
    return await new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#child.channel?.ref();
      this.#child.send({ id, ...request }, (error) => {
        if (error) this.#answered({ id, error: error.message });
      });
    });
  }

  #answered(answer: Answer): void {
    const request = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0) this.#child.channel?.unref();
    if (answer.error === undefined) request?.resolve(answer);
    else request?.reject(new Error(`virtual line: ${answer.error}`));
  }

  #end(error: Error): void {
    this.#ended();
    for (const request of this.#pending.values()) request.reject(error);
    this.#pending.clear();
  }
}

let bridge: Bridge | undefined;

/**
 * Opens a virtual serial line.
 *
 * @example
 * const line = await openVirtualLine();
 * const client = new AsyncSerialClientWithTerminator({ path: line.a });
 * const server = new AsyncSerialServerWithTerminator({ path: line.b });
 */
export async function openVirtualLine(options: VirtualLineOptions = {}): Promise<VirtualLine> {
  if (bridge === undefined) {
    const created: Bridge = new Bridge(() => {
      if (bridge === created) bridge = undefined;
    });
    bridge = created;
  }
  return await bridge.open(options.onClose ?? "keep");
}
