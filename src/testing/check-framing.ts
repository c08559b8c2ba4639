/** The module behind `plib-io/testing`: the checks that the framings of this package have to pass, for framings of users. */
import { AssertionError } from "node:assert";
import { type Data, toBytes } from "../core/data.ts";
import type { ChannelRole, Framing, FramingClass } from "../core/framing.ts";
import { ChannelError } from "../errors.ts";
import { framingChecks, type FramingSubject } from "./framing-checks.ts";
import { cutDifference, shown } from "./readings.ts";

/** What {@link checkFraming} may be told besides the framing and its samples. */
export interface FramingCheckSettings<Options> {
  /**
   * The options that the framing is made with.
   *
   * @defaultValue `{}`
   */
  readonly options?: Options;
  /**
   * Which end of an exchange the framing serves.
   *
   * @defaultValue `"client"`
   */
  readonly role?: ChannelRole;
  /**
   * Bytes as they may come in, right or wrong, each of one connection: every cut of them has to lead to the same messages
   * and the same errors.
   */
  readonly inputs?: readonly Data[];
  /**
   * Whether the framing may copy a large payload that stands on the wire as it is.
   *
   * @defaultValue false
   */
  readonly mayCopy?: boolean;
}

const NO_COPIES = "a large payload is not copied";

/**
 * Checks that a framing keeps to what channels rely on, with whatever test runner: what is sent arrives; messages and
 * errors are the same however the input is cut, at every place and into pieces of several sizes, down to single bytes; an
 * end in mid-message is told; messages are their receiver's own.
 *
 * @param framing the class.
 * @param samples messages that the framing can carry, short and long, at least one; a string stands for its UTF-8 bytes.
 * @throws AssertionError with the first difference: which check, which cut, what came and what was due.
 *
 * @example
 * import test from "node:test";
 * import { checkFraming } from "plib-io/testing";
 * import { TerminatorFraming } from "plib-io/data";
 *
 * test("lines conform", () => {
 *   checkFraming(TerminatorFraming, ["", "a", "a longer line"], { inputs: ["a\r\nb\r\nc"] });
 * });
 */
export function checkFraming<Options>(
  framing: FramingClass<Options> & { readonly name: string },
  samples: readonly Data[],
  settings: FramingCheckSettings<Options> = {},
): void {
  const difference = framingDifference(framing, samples, settings);
  if (difference === undefined) return;
  throw new AssertionError({ message: `${framing.name}: ${difference}`, stackStartFn: checkFraming });
}

function framingDifference<Options>(
  framing: FramingClass<Options>,
  samples: readonly Data[],
  settings: FramingCheckSettings<Options>,
): string | undefined {
  const { options = {} as Options, role = "client", inputs = [], mayCopy = false } = settings;
  const create = (): Framing => new framing(options, role);
  const subject: FramingSubject = { create, boundary: framing.boundary, samples: samples.map((each) => toBytes(each)) };
  const fault = contractFault(framing) ?? sampleFault(subject);
  if (fault !== undefined) return fault;
  for (const [title, check] of Object.entries(framingChecks)) {
    const difference = mayCopy && title === NO_COPIES ? undefined : check(subject);
    if (difference !== undefined) return `${title}: ${difference}`;
  }
  for (const [index, input] of inputs.entries()) {
    const bytes = toBytes(input);
    const difference = cutDifference(create, bytes) ?? cutDifference(create, bytes, "utf8");
    if (difference !== undefined) return `input ${index} is read the same however it is cut: ${difference}`;
  }
  return undefined;
}

function contractFault({ suffix, boundary, requires = [] }: FramingClass): string | undefined {
  if (!/^(?:[A-Z][A-Za-z0-9]{0,63})?$/.test(suffix)) return `the static suffix is ${JSON.stringify(suffix)}`;
  if (!["message", "half-close", "channel"].includes(boundary))
    return `the static boundary is ${JSON.stringify(boundary)}`;
  if (boundary !== "half-close" || requires.includes("half-close")) return undefined;
  return 'a message ends with a half-close, but the static requires does not say ["half-close"]';
}

function sampleFault(subject: FramingSubject): string | undefined {
  if (subject.samples.length === 0) return "there is no sample to check it with";
  for (const [index, sample] of subject.samples.entries()) {
    try {
      subject.create().encode(sample);
    } catch (error) {
      if (!ChannelError.is(error)) throw error;
      return `sample ${index}, ${shown(Buffer.from(sample))}, cannot be carried: ${error.message}`;
    }
  }
  return undefined;
}
