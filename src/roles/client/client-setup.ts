import {
  callTimeout,
  type CheckedSettings,
  type ClientSettings,
  connectTimeout,
  type OpenSettings,
} from "../../core/channel-settings.ts";
import { ClientExchange } from "../../core/exchange/client-exchange.ts";
import type { FramingClass } from "../../core/framing.ts";
import { booleanOption } from "../../core/options.ts";

/** What a client is set up with, whatever its mode. */
export interface ClientSetup<Message> {
  readonly keepAlive: boolean;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly exchange: ClientExchange<Message>;
}

/**
 * Checks the options of a client that do not depend on its mode.
 *
 * @throws OptionsError `ERR_OPTIONS`, naming the option and its value.
 */
export function clientSetup<Message>(
  options: ClientSettings & OpenSettings,
  limits: CheckedSettings,
  { boundary }: FramingClass,
): ClientSetup<Message> {
  const keepAlive = booleanOption("keepAlive", options.keepAlive, false);
  const { makeFraming, maxQueuedBytes } = limits;
  return {
    keepAlive,
    timeoutMs: callTimeout(options),
    connectTimeoutMs: connectTimeout(options),
    exchange: new ClientExchange({ keepAlive, boundary, makeFraming, maxQueuedBytes }),
  };
}
