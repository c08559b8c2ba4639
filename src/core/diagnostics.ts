/**
 * What channels and servers publish about themselves, at no cost while nobody listens:
 *
 * | channel of `node:diagnostics_channel` | message |
 * | --- | --- |
 * | `plib-io:state` | {@link StateMessage}: a channel or server enters a state |
 * | `plib-io:fault` | {@link FaultMessage}: a fault that a channel survived and that nobody waits for |
 *
 * With `NODE_DEBUG=plib-io` the same is written to the standard error output.
 */
import { channel } from "node:diagnostics_channel";
import { debuglog } from "node:util";
import type { ChannelError } from "../errors.ts";

/** A message of the diagnostics channel `plib-io:state`. */
export interface StateMessage {
  /** The channel or server of the user. */
  readonly subject: object;
  readonly from: string;
  readonly to: string;
  /** The error that led to the state, where one did. */
  readonly error?: ChannelError | undefined;
}

/** A message of the diagnostics channel `plib-io:fault`. */
export interface FaultMessage {
  /** The channel of the user. */
  readonly subject: object;
  readonly error: ChannelError;
  /** How many faults the channel has survived so far. */
  readonly count: number;
}

const states = /* @__PURE__ */ channel("plib-io:state");
const faults = /* @__PURE__ */ channel("plib-io:fault");
const debug = /* @__PURE__ */ debuglog("plib-io");

/** Publishes that a channel or server has entered a state. */
export function publishState(subject: object, from: string, to: string, error?: ChannelError): void {
  if (states.hasSubscribers) states.publish({ subject, from, to, error } satisfies StateMessage);
  if (debug.enabled) debug("%s: %s -> %s%s", nameOf(subject), from, to, error === undefined ? "" : ` (${error.code})`);
}

/** Publishes a fault that a channel has survived. */
export function publishFault(subject: object, error: ChannelError, count: number): void {
  if (faults.hasSubscribers) faults.publish({ subject, error, count } satisfies FaultMessage);
  if (debug.enabled) debug("%s: survived fault %d: %s", nameOf(subject), count, error.message);
}

function nameOf(subject: object): string {
  return subject.constructor.name;
}
