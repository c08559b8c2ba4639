/** What `plib-io/data` exports beside the framings: what it takes to write a framing of one's own. */
export type { Data } from "./core/data.ts";
export type { ChannelRole, FrameInput, Framing, FramingClass, FramingTiming, MessageBoundary } from "./core/framing.ts";
export { tooLarge } from "./core/limits.ts";
export { badOption, booleanOption, choiceOption, integerOption } from "./core/options.ts";
export { type ErrorDetails, FramingError, type FramingErrorCode, OptionsError } from "./errors.ts";
