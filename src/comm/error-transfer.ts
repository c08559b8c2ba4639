/** Errors on their way between threads and processes, where their classes do not travel with them. */
import { inspect } from "node:util";
import {
  BackPressureError,
  ChannelError,
  DisconnectedError,
  type ErrorCode,
  type ErrorDetails,
  FramingError,
  HookError,
  OpenError,
  OptionsError,
  ServerError,
  StateError,
  TimeoutError,
} from "../errors.ts";

/** An error as plain data. */
export interface TransferredError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly details?: Pick<ErrorDetails, "outcome" | "bytesWritten" | "received" | "expected" | "isRecoverable">;
  readonly cause?: TransferredError;
  readonly errors?: readonly TransferredError[];
}

type ErrorClass = new (code: never, message: string, details: ErrorDetails) => ChannelError;

const CLASSES: readonly (ErrorClass & { readonly errorName: string })[] = [
  BackPressureError,
  DisconnectedError,
  FramingError,
  HookError,
  OpenError,
  OptionsError,
  ServerError,
  StateError,
  TimeoutError,
];

/** Causes of causes are transferred down to here: they may go round in a circle. */
const MAX_DEPTH = 8;

/** An error, or whatever was thrown, as plain data. */
export function packError(thrown: unknown, depth = 0): TransferredError {
  try {
    return read(thrown, depth);
  } catch {
    // It is a user's: it may have members that throw when they are read.
    return { name: "Error", message: "an error that cannot be read" };
  }
}

function read(thrown: unknown, depth: number): TransferredError {
  if (!(thrown instanceof Error)) return { name: "Error", message: shown(thrown) };
  // Users may have put anything there.
  const { name, message, code, stack, cause } = thrown as Readonly<
    Partial<Record<keyof NodeJS.ErrnoException, unknown>>
  >;
  return {
    name: String(name),
    message: String(message),
    ...(typeof code === "string" && { code }),
    ...(typeof stack === "string" && { stack }),
    ...(cause !== undefined && depth < MAX_DEPTH && { cause: packError(cause, depth + 1) }),
    ...(ChannelError.is(thrown) && packDetails(thrown, depth)),
  };
}

/** What was thrown that is no error. */
function shown(thrown: unknown): string {
  return typeof thrown === "object" && thrown !== null ? inspect(thrown, { depth: 0 }) : String(thrown);
}

function packDetails(error: ChannelError, depth: number): Pick<TransferredError, "details" | "errors"> {
  const { outcome, bytesWritten, received, expected, isRecoverable } = error;
  return {
    details: {
      isRecoverable,
      expected,
      ...(outcome !== undefined && { outcome }),
      ...(bytesWritten !== undefined && { bytesWritten }),
      ...(received !== undefined && { received }),
    },
    errors: depth < MAX_DEPTH ? error.errors.map((one) => packError(one, depth + 1)) : [],
  };
}

/** The error that {@link packError} was given: of the same class where it is one of this package. */
export function unpackError(packed: TransferredError): Error {
  const Class = CLASSES.find(({ errorName }) => errorName === packed.name);
  const cause = packed.cause === undefined ? {} : { cause: unpackError(packed.cause) };
  // A class of a user may have the name of one of this package.
  if (Class !== undefined && packed.code !== undefined && packed.details !== undefined) {
    const errors = (packed.errors ?? []).map((one) => unpackError(one));
    return new Class(packed.code as ErrorCode as never, packed.message, { ...packed.details, ...cause, errors });
  }
  const error = Object.assign(new Error(packed.message, cause), packed.code === undefined ? {} : { code: packed.code });
  if (packed.stack !== undefined) error.stack = packed.stack;
  return error;
}
