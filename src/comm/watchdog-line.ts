import type { Socket } from "node:net";
import { ALIVE, LEFT, MISSED, REPORT_BYTES, type Wait } from "./child-protocol.ts";

/** What a watchdog tells its server. */
export interface WatchdogEvents {
  /** The process runs. */
  beat(): void;
  /** A deadline was missed. Told again and again where the child itself does not notice. */
  missed(wait: Wait, connection: number): void;
  /** A connection was given up because nothing was under way on it. */
  left(connection: number): void;
}

/** The server's end of the line to a child's watchdog. */
export class WatchdogLine {
  readonly #stream: Socket;
  readonly #events: WatchdogEvents;
  #unread: Buffer = Buffer.alloc(0);

  constructor(stream: Socket, events: WatchdogEvents) {
    this.#stream = stream;
    this.#events = events;
    stream.on("data", (bytes: Buffer) => this.#received(bytes));
    stream.on("error", () => undefined);
  }

  /** From now on, a connection is given up when nothing is under way on it. */
  leave(): void {
    this.#stream.write("l");
  }

  close(): void {
    this.#stream.destroy();
  }

  #received(bytes: Buffer): void {
    this.#events.beat();
    const all = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    const end = all.length - (all.length % REPORT_BYTES);
    this.#unread = all.subarray(end);
    for (let at = 0; at < end; at += REPORT_BYTES) this.#heard(all[at] as number, all[at + 1] as number);
  }

  #heard(report: number, connection: number): void {
    if (report === ALIVE) return;
    if (report === LEFT) return this.#events.left(connection);
    const wait = (Object.keys(MISSED) as Wait[]).find((name) => MISSED[name] === report);
    if (wait !== undefined) this.#events.missed(wait, connection);
  }
}
