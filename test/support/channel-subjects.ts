/** What a conformance suite runs over: each family at each place where it can be. */
import test from "ava";
import type { ExecutionContext } from "ava";
import { type ChannelFamily, families, placesOf } from "./channel-cells.ts";
import { joined } from "../../src/testing/readings.ts";
import { leavesNothing } from "./channel-leaks.ts";
import type { Place } from "./channel-places.ts";
import { openStage, type Stage, type StageOptions } from "./channel-stage.ts";
import { openVirtualLine } from "./virtual-line.ts";

export { event, gate } from "./channel-gates.ts";

/** A family at a place. */
export interface Subject {
  readonly title: string;
  readonly family: ChannelFamily;
  readonly place: Place;
  /** Sets up a server there. */
  open(options?: StageOptions): Promise<Stage>;
}

/** All subjects. */
export const subjects: readonly Subject[] = families.flatMap((family) =>
  placesOf(family).map((place) => ({
    title: `${family.title}, ${place.title}`,
    family,
    place,
    open: (options) => openStage(family, place, options),
  })),
);

/** Subjects whose channels carry any number of messages. */
export const series: readonly Subject[] = subjects.filter(({ family }) => family.boundary === "message");
/** Subjects on sockets. */
export const onSockets: readonly Subject[] = subjects.filter(({ family }) => family.device === "Socket");
/** Subjects on sockets whose channels carry any number of messages. */
export const seriesOnSockets: readonly Subject[] = series.filter(({ family }) => family.device === "Socket");
/** Subjects on TCP: enough where the kind of socket makes no difference. */
export const onTcp: readonly Subject[] = onSockets.filter(({ place }) => place.title === "TCP");

/** Registers a test for each subject; each has to leave nothing behind. */
export function forEach(
  chosen: readonly Subject[],
  title: string,
  body: (t: ExecutionContext, subject: Subject) => Promise<void>,
): void {
  for (const subject of chosen) {
    test.serial(
      `${subject.title}: ${title}`,
      leavesNothing((t) => body(t, subject)),
    );
  }
}

/** Keeps the process that bridges lines while the tests of a file run, so that it comes and goes in none of them. */
export async function keepLines(): Promise<void> {
  const spare = await openVirtualLine();
  test.after.always(() => spare.close());
}

/** The bytes of messages on the wire, of a framing whose messages end in themselves, without a channel. */
export function wireOf(family: ChannelFamily, ...messages: readonly string[]): string {
  const framing = family.createFraming();
  return messages.map((message) => joined(framing.encode(Buffer.from(message))).toString("latin1")).join("");
}
