/** Two persistent channels that are connected to each other. */
import type { Persistent, PersistentHandler, PersistentOptions, ServerOptions } from "./channel-cells.ts";
import { type Stage, openStage } from "./channel-stage.ts";
import { event, type Subject } from "./channel-subjects.ts";

/** Either end. */
export type PersistentEnd = Persistent | PersistentHandler;

/** Two connected channels. */
export interface Pair extends AsyncDisposable {
  /** The end that connected. */
  readonly near: Persistent;
  /** The other: a handler of a server, or on a line, which has no connections, a channel like the first. */
  readonly far: PersistentEnd;
}

/** Connects two persistent channels. Both ends close with the pair. */
export async function openPair(
  subject: Subject,
  near: PersistentOptions = {},
  far: PersistentOptions = {},
  onClose: "keep" | "hang-up" = "keep",
): Promise<Pair> {
  return subject.family.device === "Serial"
    ? await linePair(subject, near, far, onClose)
    : await serverPair(subject, near, far);
}

async function serverPair(subject: Subject, near: PersistentOptions, far: PersistentOptions): Promise<Pair> {
  const { PersistentHandler } = subject.family;
  // The server's options are not meant for the hooks of its handlers.
  const Configured: typeof PersistentHandler = class extends PersistentHandler {
    constructor(options: object = {}) {
      super({ ...options, ...far } as never);
    }
  };
  const server: ServerOptions = { handler: Configured };
  const stage: Stage = await openStage(subject.family, subject.place, { server });
  const accepted = event(stage.server, "accept") as Promise<PersistentHandler[]>;
  const channel = stage.persistent(near);
  await channel.connect();
  const [handler] = (await accepted) as [PersistentHandler];
  return { near: channel, far: handler, [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() };
}

async function linePair(
  { family, place }: Subject,
  near: PersistentOptions,
  far: PersistentOptions,
  onClose: "keep" | "hang-up",
): Promise<Pair> {
  const spot = await place.open(onClose);
  const ends = [
    new family.Persistent({ ...spot.client({ path: "" }), ...near }),
    new family.Persistent({ ...spot.server, ...far }),
  ] as const;
  for (const end of ends) await end.connect();
  return {
    near: ends[0],
    far: ends[1],
    async [Symbol.asyncDispose]() {
      await Promise.all(ends.map((end) => end.close()));
      await spot.close();
    },
  };
}
