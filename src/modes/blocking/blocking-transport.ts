/**
 * An open stream of bytes in both directions, as the blocking mode sees it. A device makes one a connection. Deadlines are
 * on the clock of `performance.now()`.
 */
export interface BlockingTransport<Link> {
  /** What users see of the device: addresses, control lines. */
  readonly link: Link;
  /** Whether the stream is still good after a framing error; as in the asynchronous mode. */
  readonly canResynchronise: boolean;
  /** Bytes given to the system since the transport was opened. */
  readonly bytesWritten: number;
  /**
   * Waits for bytes: those that came in, `"ended"` if the other end will send no more, `"late"` at the deadline, `"left"` if
   * whoever gave the transport does not want to wait between two messages any longer. The bytes belong to the caller.
   *
   * @param deadline one that has passed: what is there is taken without waiting.
   * @param isMidMessage whether part of a message is there and its rest is waited for.
   * @param now the time, if it is known.
   * @throws DisconnectedError if the connection breaks.
   */
  read(deadline: number, isMidMessage: boolean, now?: number): Buffer | "ended" | "late" | "left";
  /**
   * Writes all bytes.
   *
   * @param now the time.
   * @returns whether that was possible before the deadline; {@link bytesWritten} tells how far it came. To go on, call
   * it again with what is left.
   * @throws DisconnectedError if the connection breaks.
   */
  write(bytes: Uint8Array, now: number, deadline: number): boolean;
  /**
   * Waits until everything that was written has left: for a socket the system has it already, for a serial line it is on
   * the wire.
   *
   * @param deadline one that has passed: looks without waiting.
   * @returns how many bytes have not left at the deadline, as far as the system knows; 0 when all have.
   * @throws DisconnectedError if the connection breaks.
   */
  drain(deadline: number): number;
  /** Closes this side for writing, and leaves the other open. */
  finish(): void;
  /**
   * Takes leave of the other end after the last answer: sees that it arrives, which closing at once might prevent. Called
   * on the server side, before {@link close}.
   */
  leave(): void;
  /** Drops received bytes that the device still holds. */
  flush(): void;
  /** Releases everything. Never throws. */
  close(): void;
}

/**
 * How a device is opened as a client, or a serial port as a server. Given to a generated class as its static `open`: called
 * with the options when a channel is made, so that wrong ones are told then; what it returns is called each time the
 * channel is to be opened, with a deadline on the clock of `performance.now()`.
 */
export type BlockingOpen<Options, Link> = (options: Options) => (deadline: number) => BlockingTransport<Link> | "late";
