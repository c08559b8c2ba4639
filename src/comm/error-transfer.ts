/** Errors on their way between threads and processes, where their classes do not travel with them. */
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

/** An error, or whatever was thrown, as plain data. */
export function packError(thrown: unknown): TransferredError {
  if (!(thrown instanceof Error)) return { name: "Error", message: String(thrown) };
  const { code } = thrown as { code?: unknown };
  return {
    name: thrown.name,
    message: thrown.message,
    ...(typeof code === "string" && { code }),
    ...(thrown.stack !== undefined && { stack: thrown.stack }),
    ...(thrown.cause !== undefined && { cause: packError(thrown.cause) }),
    ...(ChannelError.is(thrown) && packDetails(thrown)),
  };
}

function packDetails(error: ChannelError): Pick<TransferredError, "details" | "errors"> {
  const { outcome, bytesWritten, received, expected, isRecoverable } = error;
  return {
    details: {
      isRecoverable,
      expected,
      ...(outcome !== undefined && { outcome }),
      ...(bytesWritten !== undefined && { bytesWritten }),
      ...(received !== undefined && { received }),
    },
    errors: error.errors.map((one) => packError(one)),
  };
}

/** The error that {@link packError} was given: of the same class where it is one of this package. */
export function unpackError(packed: TransferredError): Error {
  const Class = CLASSES.find(({ errorName }) => errorName === packed.name);
  const cause = packed.cause === undefined ? {} : { cause: unpackError(packed.cause) };
  if (Class !== undefined && packed.code !== undefined) {
    const errors = (packed.errors ?? []).map((one) => unpackError(one));
    return new Class(packed.code as ErrorCode as never, packed.message, { ...packed.details, ...cause, errors });
  }
  const error = Object.assign(new Error(packed.message, cause), packed.code === undefined ? {} : { code: packed.code });
  if (packed.stack !== undefined) error.stack = packed.stack;
  return error;
}
