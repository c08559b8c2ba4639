/** The settings that channels have whatever their mode, and the defaults. The hooks differ; see the modes. */
import { addressName } from "./error-context.ts";
import type { ChannelRole, Framing, FramingClass, FramingTiming, MessageBoundary } from "./framing.ts";
import { badOption, durationOption, encodingOption, integerOption } from "./options.ts";

/** The settings that every channel has. */
export interface ChannelSettings<Encoding extends BufferEncoding | undefined> {
  /**
   * Decodes messages: they are handed over as strings instead of `Buffer`s.
   *
   * @defaultValue none: messages are `Buffer`s
   * @group framing
   */
  encoding?: Encoding;
  /**
   * How many bytes may wait to be sent; sending more is an `ERR_BACKPRESSURE`.
   *
   * @defaultValue 16777216 (16 MiB)
   * @group tuning
   */
  maxQueuedBytes?: number;
  /**
   * How long the other end may take no byte of what waits to be sent, in milliseconds, before the channel is closed with
   * `ERR_WRITE_TIMEOUT`; 0 means no limit.
   *
   * @defaultValue 30000
   * @group tuning
   */
  writeTimeoutMs?: number;
}

/**
 * The deadlines of channels that wait for whatever the other end sends.
 *
 * @group tuning
 */
export interface DeadlineSettings {
  /**
   * How long nothing may come in before the channel is closed with `ERR_IDLE_TIMEOUT`, in milliseconds; 0 means no limit.
   *
   * @defaultValue 300000 for handlers on sockets, else 0
   */
  idleTimeoutMs?: number;
  /**
   * How long a message may take from its first byte to its last, in milliseconds, before the channel is closed with
   * `ERR_FRAME_TIMEOUT`; 0 means no limit.
   *
   * @defaultValue 60000
   */
  messageTimeoutMs?: number;
  /**
   * How long the channel may be closed on one side only, in milliseconds; 0 means no limit.
   *
   * @defaultValue 30000
   */
  halfOpenTimeoutMs?: number;
}

/**
 * The options of channels that open their device themselves.
 *
 * @group tuning
 */
export interface OpenSettings {
  /**
   * How long opening the channel may take, in milliseconds, name resolution included, before it fails with
   * `ERR_CONNECT_TIMEOUT`; 0 means no limit.
   *
   * @defaultValue 10000
   */
  connectTimeoutMs?: number;
}

/** How requests are answered. */
export interface ReplySettings {
  /**
   * Whether the channel stays open for further requests after an answer.
   *
   * @defaultValue true where the framing can tell one message from the next, else false
   */
  keepAlive?: boolean;
}

/** How a client waits, and what it does afterwards. */
export interface ClientSettings {
  /**
   * How long a call may take, in milliseconds, unless the call itself says otherwise: from the call to the last reply,
   * waiting for its turn included. Then it fails with `ERR_REPLY_TIMEOUT`; 0 means no limit.
   *
   * @defaultValue 30000
   */
  timeoutMs?: number;
  /**
   * Whether the channel stays open after an exchange, for the next.
   *
   * @defaultValue false
   */
  keepAlive?: boolean;
}

const DEFAULT_MAX_QUEUED_BYTES = 16 * 1024 * 1024;
const DEFAULT_WRITE_TIMEOUT_MS = 30_000;
const DEFAULT_MESSAGE_TIMEOUT_MS = 60_000;
const DEFAULT_HALF_OPEN_TIMEOUT_MS = 30_000;
const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_CALL_TIMEOUT_MS = 30_000;
/** Common USB adapters deliver what came in every 16 ms. */
const DEFAULT_RESYNC_QUIET_MS = 50;

/** How long nothing may come in on an accepted connection, unless the options say otherwise. */
export const ACCEPTED_IDLE_TIMEOUT_MS = 300_000;

/** The settings of a channel, checked, with every default filled in. Durations are in milliseconds, 0 means no limit. */
export interface CheckedSettings {
  /** Makes the codec of a connection; called again when the connection starts afresh after bad bytes. */
  readonly makeFraming: () => Framing;
  /** What the framing needs of a clock. */
  readonly timing: FramingTiming | undefined;
  readonly encoding: BufferEncoding | undefined;
  /** The address or path in the options, as errors name it. */
  readonly peer: string | undefined;
  readonly maxQueuedBytes: number;
  readonly writeTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly messageTimeoutMs: number;
  readonly halfOpenTimeoutMs: number;
  /**
   * How long a line has to be silent for a message to be cut off, and for bad bytes to be over; or for a message to be
   * complete, where the framing says so.
   */
  readonly interByteTimeoutMs: number;
  /** How long a line has to be silent before the call after one that timed out sends its request. Only lines have it. */
  readonly resyncQuietMs: number;
  /** What ends a message. */
  readonly boundary: MessageBoundary;
  /** Whether the end of the channel, or of one side of it, is what ends a message. */
  readonly isMessageEndedByClose: boolean;
  /** Whether no message is delivered while earlier answers wait to be sent. */
  readonly isHeldWhileSending: boolean;
}

/**
 * Checks the settings of a channel and those of its framing.
 *
 * @param idleTimeoutMs the default of that setting.
 * @throws OptionsError `ERR_OPTIONS`, naming the option and its value.
 */
export function checkSettings(
  options: ChannelSettings<BufferEncoding | undefined> & DeadlineSettings,
  role: ChannelRole,
  framing: FramingClass,
  idleTimeoutMs: number,
): CheckedSettings {
  const { interByteTimeoutMs, resyncQuietMs } = options as { interByteTimeoutMs?: number; resyncQuietMs?: number };
  const makeFraming = (): Framing => new framing(options as never, role);
  // A client waits for as long as its calls say.
  const messageDefaultMs = role === "client" ? 0 : DEFAULT_MESSAGE_TIMEOUT_MS;
  const halfOpenDefaultMs = role === "client" ? 0 : DEFAULT_HALF_OPEN_TIMEOUT_MS;
  // Wrong options of the framing are told now, not when the first connection is there.
  const { timing } = makeFraming();
  const cutOffMs = durationOption("interByteTimeoutMs", interByteTimeoutMs, 0);
  const silenceMs = timing?.silenceMs ?? 0;
  if (silenceMs > 0 && cutOffMs > 0) {
    throw badOption(
      "interByteTimeoutMs",
      interByteTimeoutMs,
      "leave it out: silence completes a message here (silenceMs)",
    );
  }
  return {
    makeFraming,
    timing,
    encoding: encodingOption(options.encoding),
    peer: addressName(options),
    maxQueuedBytes: integerOption("maxQueuedBytes", options.maxQueuedBytes, DEFAULT_MAX_QUEUED_BYTES),
    writeTimeoutMs: durationOption("writeTimeoutMs", options.writeTimeoutMs, DEFAULT_WRITE_TIMEOUT_MS),
    idleTimeoutMs: durationOption("idleTimeoutMs", options.idleTimeoutMs, idleTimeoutMs),
    messageTimeoutMs: durationOption("messageTimeoutMs", options.messageTimeoutMs, messageDefaultMs),
    halfOpenTimeoutMs: durationOption("halfOpenTimeoutMs", options.halfOpenTimeoutMs, halfOpenDefaultMs),
    interByteTimeoutMs: silenceMs > 0 ? silenceMs : cutOffMs,
    resyncQuietMs: durationOption("resyncQuietMs", resyncQuietMs, DEFAULT_RESYNC_QUIET_MS),
    boundary: framing.boundary,
    isMessageEndedByClose: framing.boundary !== "message" || silenceMs > 0,
    isHeldWhileSending: role === "server",
  };
}

/** How long opening may take. */
export function connectTimeout(options: OpenSettings): number {
  return durationOption("connectTimeoutMs", options.connectTimeoutMs, DEFAULT_CONNECT_TIMEOUT_MS);
}

/** How long a call of a client may take. */
export function callTimeout(options: ClientSettings): number {
  return durationOption("timeoutMs", options.timeoutMs, DEFAULT_CALL_TIMEOUT_MS);
}

/** The framing of a class, which the generated classes set. */
export function framingOf(target: { readonly name: string; readonly framing?: FramingClass }): FramingClass {
  if (typeof target.framing === "function") return target.framing;
  throw badOption("framing", target.framing, `class ${target.name} has none: extend one of the generated classes`);
}
