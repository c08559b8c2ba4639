/**
 * Serial lines: RS-232, USB adapters, pseudo-terminals. `serialport` lists, opens, configures, locks and drives the port.
 *
 * @phrase a serial line
 * @address path: "/dev/ttyUSB0", baudRate: 9600
 */
export class SerialDevice {
  static readonly deviceName = "Serial";
  /** Neither can one side be closed alone, nor are there several connections. */
  static readonly provides = [] as const;
}

/** Which port to open, and how. The names and defaults are those of `serialport`. */
export interface SerialOptions {
  /** The port: `/dev/ttyUSB0`, `/dev/tty.usbserial-A1`, `COM3`. */
  path: string;
  /**
   * The speed in baud.
   *
   * @defaultValue 9600
   */
  baudRate?: number;
  /**
   * Bits in a character.
   *
   * @defaultValue 8
   */
  dataBits?: 5 | 6 | 7 | 8;
  /**
   * The parity bit.
   *
   * @defaultValue `"none"`
   */
  parity?: "none" | "even" | "odd" | "mark" | "space";
  /**
   * Stop bits after a character.
   *
   * @defaultValue 1
   */
  stopBits?: 1 | 1.5 | 2;
  /**
   * Hardware flow control with RTS and CTS.
   *
   * @defaultValue false
   * @group tuning
   */
  rtscts?: boolean;
  /**
   * Software flow control of what is sent: the other end's XOFF stops it, its XON starts it again.
   *
   * @defaultValue false
   * @group tuning
   */
  xon?: boolean;
  /**
   * Software flow control of what is received: XOFF is sent when the input fills up.
   *
   * @defaultValue false
   * @group tuning
   */
  xoff?: boolean;
  /**
   * Any character, not only XON, starts the output again.
   *
   * @defaultValue false
   * @group tuning
   */
  xany?: boolean;
  /**
   * Drops DTR when the port is closed, which makes modems and many boards hang up or reset.
   *
   * @defaultValue true
   * @group tuning
   */
  hupcl?: boolean;
  /**
   * Locks the port: another open of it fails with `ERR_PORT_IN_USE`.
   *
   * @defaultValue true
   * @group tuning
   */
  lock?: boolean;
  /**
   * The state of DTR right after opening. Opening a port raises DTR and RTS for a moment whatever is given here. A port
   * without control lines cannot be opened with this option.
   *
   * @defaultValue none: as opening leaves it, which is raised
   * @group tuning
   */
  dtr?: boolean;
  /**
   * The state of RTS right after opening, as {@link SerialOptions.dtr}. Not together with `rtscts` or `rs485`, with which the
   * driver sets RTS.
   *
   * @defaultValue none: as opening leaves it, which is raised
   * @group tuning
   */
  rts?: boolean;
  /**
   * Has the driver switch the direction of an RS-485 line by RTS. Linux only; a driver that cannot is an `ERR_OPTIONS` at
   * opening. The driver keeps the mode after closing.
   *
   * @defaultValue none: as the driver has it
   * @group tuning
   */
  rs485?: SerialRs485;
  /**
   * After so many milliseconds of silence in the middle of a message, what is there of it is dropped, and the next byte
   * begins a new message; after bad bytes, everything is dropped until the line has been silent that long. 0: no limit.
   *
   * @defaultValue 0
   * @group tuning
   */
  interByteTimeoutMs?: number;
  /**
   * After a call that timed out, the next call of the client first drops what comes in, until the line has been silent for
   * so many milliseconds: a late reply is not taken for the answer to the next request. 0: only what has come by then is
   * dropped.
   *
   * @defaultValue 50
   * @group tuning
   * @roles *Client
   */
  resyncQuietMs?: number;
}

/** How a driver switches the direction of an RS-485 line. */
export interface SerialRs485 {
  /**
   * How long RTS has its state for sending before the first byte leaves, in milliseconds, 0 to 100.
   *
   * @defaultValue 0
   */
  delayBeforeSendMs?: number;
  /**
   * How long RTS keeps its state for sending after the last byte, in milliseconds, 0 to 100.
   *
   * @defaultValue 0
   */
  delayAfterSendMs?: number;
  /**
   * Whether RTS is raised while sending, and dropped otherwise; or the other way round.
   *
   * @defaultValue true
   */
  rtsOnSend?: boolean;
  /**
   * Whether what is sent is also received.
   *
   * @defaultValue false
   */
  receiveDuringSend?: boolean;
}

/** Modem control lines, as the other end sees them. */
export interface SerialStatus {
  /** Clear to send. */
  readonly cts: boolean;
  /** Data set ready. */
  readonly dsr: boolean;
  /** Data carrier detect. */
  readonly dcd: boolean;
}

/** Modem control lines that can be set. What is left out stays as it is. */
export interface SerialControl {
  /** Data terminal ready. */
  dtr?: boolean;
  /** Request to send. */
  rts?: boolean;
  /** Break: holds the line low until it is set to false. */
  brk?: boolean;
}

/** The serial port behind a channel: its control lines, status lines and speed. */
export interface SerialLink {
  /** The path of the port. */
  readonly path: string;
  /**
   * Sets control lines.
   *
   * @throws DisconnectedError `ERR_PORT_DISCONNECTED` if the port is gone or has no such lines (a pseudo-terminal).
   * @throws StateError `ERR_CHANNEL_CLOSED` if the port was closed here.
   * @throws OptionsError `ERR_OPTIONS` for a line that is not a boolean.
   */
  set(lines: SerialControl): Promise<void>;
  /**
   * Reads status lines.
   *
   * @throws DisconnectedError `ERR_PORT_DISCONNECTED` if the port is gone or has no such lines (a pseudo-terminal).
   * @throws StateError `ERR_CHANNEL_CLOSED` if the port was closed here.
   */
  get(): Promise<SerialStatus>;
  /**
   * Changes the speed of the open port, in baud. Waits until what was sent before has left at the old speed; bytes that
   * came in and were not read yet are dropped.
   *
   * @throws DisconnectedError `ERR_PORT_DISCONNECTED` if the port is gone.
   * @throws StateError `ERR_CHANNEL_CLOSED` if the port was closed here.
   * @throws OptionsError `ERR_OPTIONS` for a speed that is no positive whole number or that the system does not know.
   */
  update(options: { baudRate: number }): Promise<void>;
}

/** The serial port behind a blocking channel: its control lines, status lines and speed. */
export interface BlockingSerialLink {
  /** The path of the port. */
  readonly path: string;
  /**
   * Sets control lines.
   *
   * @throws DisconnectedError `ERR_PORT_DISCONNECTED` if the port is gone or has no such lines (a pseudo-terminal).
   */
  set(lines: SerialControl): void;
  /**
   * Reads status lines.
   *
   * @throws DisconnectedError `ERR_PORT_DISCONNECTED` if the port is gone or has no such lines (a pseudo-terminal).
   */
  get(): SerialStatus;
  /** Changes the speed of the open port, in baud. */
  update(options: { baudRate: number }): void;
}
