import { integerOption } from "../../core/options.ts";
import { MemoryPipe, type PipeConduct } from "./memory-pipe.ts";

/** What happens to the bytes on a line. Each can be changed at any time, for what is written from then on. */
export interface MemoryConduct {
  /**
   * How long everything takes from one end to the other, in milliseconds.
   *
   * @defaultValue 0
   */
  delayMs?: number;
  /**
   * The longest piece in which bytes arrive: 1 delivers every byte alone.
   *
   * @defaultValue Infinity
   */
  pieceBytes?: number;
  /**
   * Whether everything that is written is lost on the way.
   *
   * @defaultValue false
   */
  isSilent?: boolean;
}

/** An end of a connection that a script plays. With `afterMs`, a thing happens so many milliseconds later. */
export interface MemoryEnd {
  /** Sends bytes; a string as UTF-8. */
  send(data: string | Uint8Array, afterMs?: number): void;
  /** Closes this side: the other end sees the end of what was sent. */
  finish(afterMs?: number): void;
  /** Breaks the connection. */
  reset(afterMs?: number): void;
}

/**
 * A script that plays one end of a connection. It is called in the writer's own call, so that it can answer a blocking
 * channel too, whose thread does nothing else meanwhile.
 */
export interface MemoryPeer {
  /** The connection is open. */
  opened?(end: MemoryEnd): void;
  /** Bytes came in, as they were written. */
  received?(bytes: Buffer, end: MemoryEnd): void;
  /** The other end has closed its side, or is gone. */
  ended?(end: MemoryEnd): void;
}

/** Both directions of a connection, as one of its ends sees them. */
export interface MemoryEnds {
  readonly line: MemoryLine;
  readonly incoming: MemoryPipe;
  readonly outgoing: MemoryPipe;
}

/**
 * A line in memory: what a server listens on and clients connect to, in one process.
 *
 * @example
 * const line = new MemoryLine({ delayMs: 5 });
 * const server = new AsyncMemoryServerWithTerminator({ line, processData: (data, channel) => channel.start(data) });
 * await server.listen();
 * const client = new AsyncMemoryClientWithTerminator({ line });
 * await client.clientCommunicate("hello");
 *
 * @example
 * // A script answers; a blocking client can only talk to one.
 * const scripted = new MemoryLine({}, { received: (bytes, end) => end.send(bytes, 20) });
 * new BlockingMemoryClientWithTerminator({ line: scripted }).clientCommunicate("hello");
 */
export class MemoryLine implements PipeConduct {
  delayMs: number;
  pieceBytes: number;
  isSilent: boolean;
  /** The script that answers whoever connects, if no server listens. */
  readonly peer: MemoryPeer | undefined;
  readonly #connections = new Set<readonly [MemoryPipe, MemoryPipe]>();
  #accept: ((ends: MemoryEnds) => void) | undefined;

  /**
   * @param conduct what happens to the bytes.
   * @param peer answers whoever connects, if no server listens.
   */
  constructor(conduct: MemoryConduct = {}, peer?: MemoryPeer) {
    this.delayMs = conduct.delayMs ?? 0;
    this.pieceBytes = conduct.pieceBytes ?? Number.POSITIVE_INFINITY;
    if (this.pieceBytes !== Number.POSITIVE_INFINITY) integerOption("pieceBytes", this.pieceBytes, 1, 1);
    this.isSilent = conduct.isSilent ?? false;
    this.peer = peer;
  }

  /** Connections that were opened and not released by both ends. */
  get openConnections(): number {
    return this.#connections.size;
  }

  /** Breaks every connection, for both ends. What was on its way is lost. */
  reset(): void {
    for (const pipes of this.#connections) for (const pipe of pipes) pipe.reset();
  }

  /** Ends every connection in order, for both ends: as when a line is pulled out between two messages. */
  hangUp(): void {
    for (const pipes of this.#connections) for (const pipe of pipes) pipe.end();
  }

  /** Connects a script to the server that listens; `undefined` if none does. */
  dial(peer: MemoryPeer): MemoryEnd | undefined {
    if (this.#accept === undefined) return undefined;
    const [near, far] = this.#makeEnds();
    this.#accept(far);
    return play(peer, near);
  }

  /**
   * The server's side. @internal
   *
   * @returns takes the server away; `undefined` if there is one already.
   */
  listen(accept: (ends: MemoryEnds) => void): (() => void) | undefined {
    if (this.#accept !== undefined) return undefined;
    this.#accept = accept;
    return () => {
      this.#accept = undefined;
    };
  }

  /** The client's side: a connection to the server, else to the script; `undefined` if there is neither. @internal */
  connect(): MemoryEnds | undefined {
    if (this.#accept === undefined) return this.connectScript();
    const [near, far] = this.#makeEnds();
    this.#accept(far);
    return near;
  }

  /** A connection to the script; `undefined` if there is none. @internal */
  connectScript(): MemoryEnds | undefined {
    if (this.peer === undefined) return undefined;
    const [near, far] = this.#makeEnds();
    play(this.peer, far);
    return near;
  }

  /** Both ends have released a connection, or one of them has and the other is a script. @internal */
  release({ incoming, outgoing }: MemoryEnds): void {
    for (const pipes of this.#connections) {
      if (pipes.includes(incoming) && pipes.includes(outgoing)) this.#connections.delete(pipes);
    }
  }

  #makeEnds(): [MemoryEnds, MemoryEnds] {
    const there = new MemoryPipe(this);
    const back = new MemoryPipe(this);
    this.#connections.add([there, back]);
    return [
      { line: this, incoming: back, outgoing: there },
      { line: this, incoming: there, outgoing: back },
    ];
  }
}

/** Lets a script play one end. */
function play(peer: MemoryPeer, { line, incoming, outgoing }: MemoryEnds): MemoryEnd {
  const end: MemoryEnd = {
    send: (data, afterMs) => outgoing.write(Buffer.from(data as Uint8Array), afterMs),
    finish: (afterMs) => outgoing.end(afterMs),
    reset: (afterMs) => outgoing.reset(afterMs),
  };
  incoming.onArrival = () => {
    // What is on its way has arrived for a script: it says itself when it answers.
    for (let what = incoming.take(Infinity); what !== undefined; what = incoming.take(Infinity)) {
      if (typeof what === "object") peer.received?.(what, end);
      else {
        peer.ended?.(end);
        line.release({ line, incoming, outgoing });
      }
    }
  };
  peer.opened?.(end);
  return end;
}
