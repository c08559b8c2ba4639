/**
 * The whole error taxonomy. Every error that this package raises is a {@link ChannelError}; its subclasses say what the
 * caller can do next, its `code` says exactly what happened.
 */

/** Bad arguments: mend the option that the message names. */
export type OptionsErrorCode = "ERR_OPTIONS";
/** The call does not fit the state that the channel is in. */
export type StateErrorCode = "ERR_CHANNEL_CLOSED" | "ERR_WOULD_DEADLOCK" | "ERR_ASYNC_HOOK";
/** The channel could not be opened. Nothing was sent. */
export type OpenErrorCode =
  | "ERR_CONNECT_REFUSED"
  | "ERR_CONNECT_UNREACHABLE"
  | "ERR_CONNECT_TIMEOUT"
  | "ERR_CONNECT_FAILED"
  | "ERR_DNS"
  | "ERR_PORT_PERMISSION"
  | "ERR_PORT_NOT_FOUND"
  | "ERR_PORT_NOT_TTY"
  | "ERR_PORT_IN_USE"
  | "ERR_PORT_FAILED";
/** The channel was open and is gone. */
export type DisconnectedErrorCode =
  | "ERR_CONNECTION_RESET"
  | "ERR_CONNECTION_CLOSED"
  | "ERR_PORT_DISCONNECTED"
  | "ERR_WORKER_DIED";
/** A deadline passed. */
export type TimeoutErrorCode =
  | "ERR_REPLY_TIMEOUT"
  | "ERR_WRITE_TIMEOUT"
  | "ERR_FRAME_TIMEOUT"
  | "ERR_IDLE_TIMEOUT"
  | "ERR_HALF_OPEN_TIMEOUT";
/** The bytes do not follow the framing. */
export type FramingErrorCode =
  | "ERR_FRAME_BAD_LENGTH"
  | "ERR_FRAME_BAD_HEADER"
  | "ERR_FRAME_TOO_LARGE"
  | "ERR_FRAME_TRUNCATED"
  | "ERR_FRAME_INVALID"
  | "ERR_TERMINATOR_IN_PAYLOAD";
/** More was queued than the other end takes. */
export type BackPressureErrorCode = "ERR_BACKPRESSURE";
/** A server could not start, or had to refuse or give up. */
export type ServerErrorCode =
  | "ERR_ADDRESS_IN_USE"
  | "ERR_ADDRESS_UNAVAILABLE"
  | "ERR_LISTEN_FAILED"
  | "ERR_SERVER_BUSY"
  | "ERR_CRASH_LOOP"
  | "ERR_HANDLER_LOAD"
  | "ERR_HANDLER_CRASHED"
  | "ERR_HANDLER_HUNG";
/** A hook of the user threw or rejected; the thrown value is the `cause`. */
export type HookErrorCode = "ERR_HOOK_FAILED";

/** Every code that a {@link ChannelError} can carry. */
export type ErrorCode =
  | OptionsErrorCode
  | StateErrorCode
  | OpenErrorCode
  | DisconnectedErrorCode
  | TimeoutErrorCode
  | FramingErrorCode
  | BackPressureErrorCode
  | ServerErrorCode
  | HookErrorCode;

/**
 * Whether a failed request reached the wire: `"not-sent"` is safe to send again, `"unknown"` is not unless the request
 * is idempotent.
 */
export type Outcome = "not-sent" | "unknown";

/** What is known of an error besides its code and message. */
export interface ErrorDetails {
  /** The lower-level error, or the value that a hook threw. */
  cause?: unknown;
  /** For a failed request: whether it was sent. */
  outcome?: Outcome;
  /** Bytes written to the device before the fault. */
  bytesWritten?: number;
  /** Bytes received of the content of the message that did not complete. */
  received?: number;
  /** Bytes that its content needed; `undefined` where the framing cannot know. */
  expected?: number | undefined;
  /** The causes of several attempts, in order (one for each address that was tried). */
  errors?: readonly Error[];
  /**
   * The framing has taken the bad message off the input and the position in the stream is known: the channel reports
   * the error and continues with the next message instead of closing.
   */
  isRecoverable?: boolean;
}

/** Holds the class names from {@link ChannelError} down: what `is()` compares across copies of the package. */
const brand: unique symbol = Symbol.for("plib-io.error");
/** What `console.log` calls to show an object. */
const inspectCustom: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;

/**
 * The base of all errors of this package. A property that is not known of an error is absent, so that `console.log` shows
 * what is known and nothing else.
 */
export class ChannelError<Code extends ErrorCode = ErrorCode> extends Error {
  /** What happened; the full list is in `docs/errors.md`. */
  readonly code: Code;
  /** For a failed request: whether it was sent; `undefined` for errors that are not about a request. */
  declare outcome: Outcome | undefined;
  /** Bytes written to the device before the fault, where that is known. */
  declare readonly bytesWritten: number | undefined;
  /** Bytes received of the content of the message that did not complete. */
  declare readonly received: number | undefined;
  /** Bytes that its content needed, where the framing can know. */
  declare readonly expected: number | undefined;
  /** The causes of several attempts, one for each address that was tried; empty if there was only one. */
  declare readonly errors: readonly Error[];
  /** Whether the channel survives this framing error; see {@link ErrorDetails.isRecoverable}. */
  declare readonly isRecoverable: boolean;

  /**
   * @param code what happened.
   * @param message for people: names the value and the fix. Control characters in it are escaped.
   * @param details whatever else is known.
   */
  constructor(code: Code, message: string, details: ErrorDetails = {}) {
    super(printable(message), "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
    for (const name of ["outcome", "bytesWritten", "received", "expected"] as const) {
      if (details[name] !== undefined) define(this, name, details[name], true);
    }
    const { errors = [], isRecoverable = false } = details;
    define(this, "errors", errors, errors.length > 0);
    define(this, "isRecoverable", isRecoverable, isRecoverable);
    // Not enumerable: the brand and the name would only clutter what `console.log` shows of an error.
    define(this, brand, lineage(new.target), false);
    define(this, "name", new.target.errorName, false);
  }

  /** The class name that instances report; a literal, so that minifying the code does not change it. */
  static readonly errorName: string = "ChannelError";

  /**
   * Whether a value is an error of this class, also when it comes from another copy of this package.
   *
   * @example
   * try { await client.clientCommunicate("?"); } catch (error) {
   *   if (TimeoutError.is(error)) retry();
   * }
   */
  static is<Class extends abstract new (...args: never) => unknown>(
    this: Class & { readonly errorName: string },
    value: unknown,
  ): value is InstanceType<Class> {
    if (typeof value !== "object" || value === null) return false;
    const names = (value as { [brand]?: unknown })[brand];
    return Array.isArray(names) && names.includes(this.errorName);
  }

  /** Shows the error without colours, with every control character escaped, also those in the texts of its causes. @internal */
  [inspectCustom](
    _depth: number,
    options: object,
    inspect: (value: unknown, options: { readonly colors: boolean; readonly customInspect: boolean }) => string,
  ): string {
    const text = inspect(this, { ...options, colors: false, customInspect: false });
    // Node.js shows every list of that name, also an empty one.
    return printable(text.replaceAll(/,?\n *\[errors\]: \[\]/g, ""), "\n");
  }
}

/** A property of an error, shown by `console.log` or not. Also where the properties of `Error.prototype` are frozen. */
function define(error: object, name: string | symbol, value: unknown, isShown: boolean): void {
  Object.defineProperty(error, name, { value, enumerable: isShown, writable: true, configurable: true });
}

/** What a terminal may act upon instead of showing it: C0, DEL, C1, line separators, changes of direction. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Text with control characters escaped: what a peer sent must not reach a terminal as it is. */
function printable(text: string, allowed = ""): string {
  return text.replace(UNPRINTABLE, (character) => (allowed.includes(character) ? character : escaped(character)));
}

function escaped(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return code < 256 ? `\\x${hex.padStart(2, "0")}` : `\\u${hex.padStart(4, "0")}`;
}

function lineage(target: unknown): readonly string[] {
  const names: string[] = [];
  for (
    let at = target as { errorName?: string };
    at?.errorName !== undefined;
    at = Object.getPrototypeOf(at) as never
  ) {
    names.push(at.errorName);
  }
  return names;
}

/** An option or argument has a value that cannot be used. Mend the call. */
export class OptionsError extends ChannelError<OptionsErrorCode> {
  static override readonly errorName: string = "OptionsError";
}

/** The call does not fit the state of the channel. */
export class StateError extends ChannelError<StateErrorCode> {
  static override readonly errorName: string = "StateError";
}

/** The channel could not be opened; nothing was sent, so trying again is safe. */
export class OpenError extends ChannelError<OpenErrorCode> {
  static override readonly errorName: string = "OpenError";
}

/** The channel was open and is gone: open it again, and look at `outcome` before sending again. */
export class DisconnectedError extends ChannelError<DisconnectedErrorCode> {
  static override readonly errorName: string = "DisconnectedError";
}

/** A deadline passed. */
export class TimeoutError extends ChannelError<TimeoutErrorCode> {
  static override readonly errorName: string = "TimeoutError";
}

/** The bytes received, or the payload to be sent, do not follow the framing. */
export class FramingError extends ChannelError<FramingErrorCode> {
  static override readonly errorName: string = "FramingError";
}

/** More is queued than the other end takes: wait for `drain`, or raise `maxQueuedBytes`. */
export class BackPressureError extends ChannelError<BackPressureErrorCode> {
  static override readonly errorName: string = "BackPressureError";
}

/** A server could not start, had to refuse a connection, or gave up. */
export class ServerError extends ChannelError<ServerErrorCode> {
  static override readonly errorName: string = "ServerError";
}

/** One of your hooks threw or rejected; what it threw is the `cause`. */
export class HookError extends ChannelError<HookErrorCode> {
  static override readonly errorName: string = "HookError";
}
