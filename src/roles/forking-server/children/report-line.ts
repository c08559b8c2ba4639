import type { Socket } from "node:net";
import { HUNG, REPORT_BYTES, type Step, STEPS } from "./child-protocol.ts";

/** What a child and its watchdog report to the server. */
export interface Reports {
  /** The process runs. */
  beat(): void;
  /** A connection goes on. */
  step(step: Step, connection: number): void;
  /** The handler of a connection hangs. Reported again and again. */
  hung(connection: number): void;
}

/** By their bytes. */
const steps = new Map<number, Step>(Object.entries(STEPS).map(([name, byte]) => [byte, name as Step]));

/** The server's end of the line on which a child reports. */
export class ReportLine {
  readonly #stream: Socket;
  readonly #events: Reports;
  #unread: Buffer = Buffer.alloc(0);

  /** @param closed called when there is nothing more to come. */
  constructor(stream: Socket, events: Reports, closed: () => void) {
    this.#stream = stream;
    this.#events = events;
    stream.once("close", closed);
    stream.on("data", (bytes: Buffer) => this.#received(bytes));
    stream.on("error", () => undefined);
  }

  /** Whether nothing more is to come. */
  get isClosed(): boolean {
    return this.#stream.closed;
  }

  /** From now on, a connection is given up when nothing is under way on it. */
  leave(): void {
    this.#stream.write("l");
  }

  #received(bytes: Buffer): void {
    this.#events.beat();
    const all = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    const end = all.length - (all.length % REPORT_BYTES);
    this.#unread = all.subarray(end);
    for (let at = 0; at < end; at += REPORT_BYTES) this.heard(all[at] as number, all[at + 1] as number);
  }

  /** Takes one report. */
  heard(report: number, connection: number): void {
    const step = steps.get(report);
    if (step !== undefined) this.#events.step(step, connection);
    else if (report === HUNG) this.#events.hung(connection);
  }
}
