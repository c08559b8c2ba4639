/** The times by which a forking server judges its children; all durations in milliseconds. */
export interface PoolTiming {
  /** How long a child may take until its handler module is loaded. */
  readonly startTimeoutMs: number;
  /** A child whose watchdog is silent for so long is stopped, or cut off from its processor. */
  readonly silenceMs: number;
  /** How long a child may take to end after SIGTERM, or a client to close a connection that was given up. */
  readonly killGraceMs: number;
  /** So many deaths in a row, without a connection served in between, are a crash loop. */
  readonly crashes: number;
  /** Within so long. */
  readonly crashWindowMs: number;
  /** How long no child is started then; doubled each further time. */
  readonly firstBackOffMs: number;
  /** A wait that would be longer is not worth it: the server gives up. */
  readonly longestBackOffMs: number;
}

/** The times of every server. The waits before it gives up are 1, 2, 4 and 8 s. */
export const POOL_TIMING: PoolTiming = {
  startTimeoutMs: 30_000,
  silenceMs: 3000,
  killGraceMs: 1000,
  crashes: 5,
  crashWindowMs: 10_000,
  firstBackOffMs: 1000,
  longestBackOffMs: 15_000,
};
