/**
 * The names of members that the classes of this package share among themselves. They are symbols, so that a subclass of a
 * user may have members of any name: nothing internal can be overridden or called by accident.
 */

/** The checked settings of a channel. */
export const kSettings: unique symbol = Symbol("limits");
/** The present connection of a channel; `undefined` while it is closed. */
export const kConnection: unique symbol = Symbol("connection");
/** What `queryDone` answers unless the user says otherwise. */
export const kIsDoneByDefault: unique symbol = Symbol("isDoneByDefault");
/** Reports a fault that no call waits for. */
export const kFault: unique symbol = Symbol("fault");
/** Takes a fault that neither a hook nor a listener took. */
export const kUnhandled: unique symbol = Symbol("unhandled");
/** Makes an open transport the connection of a channel. */
export const kAdopt: unique symbol = Symbol("adopt");
/** Begins the life of a persistent channel on an open transport. */
export const kTakeOver: unique symbol = Symbol("takeOver");
/** Reports a fault that the channel survives and that no call waits for. */
export const kSurvived: unique symbol = Symbol("survived");
/** Called when the connection is gone. */
export const kReleased: unique symbol = Symbol("released");
/** Emits `connect` and calls `onConnect`. */
export const kTellConnected: unique symbol = Symbol("tellConnected");
/** Emits `close` and calls `onClose`. */
export const kTellClosed: unique symbol = Symbol("tellClosed");
/** Closes the connection of a blocking channel, for a reason. */
export const kCloseFor: unique symbol = Symbol("closeFor");
/** Calls `onDropped`. */
export const kTellDropped: unique symbol = Symbol("tellDropped");
/** Whether `keepRunning` is answered by the user. */
export const kIsAsked: unique symbol = Symbol("isAsked");
/** Runs a hook of a server, whose failure is reported and stops nothing. */
export const kGuard: unique symbol = Symbol("guard");
