/** What a forking server has done so far. */
export interface ForkingServerStats {
  /** Children by state: started and not ready yet, free, serving, about to end. */
  readonly children: {
    readonly starting: number;
    readonly idle: number;
    readonly busy: number;
    readonly retiring: number;
  };
  /** Connections accepted. */
  readonly accepted: number;
  /** Connections served to their end. */
  readonly served: number;
  /** Connections that wait for a child at the moment. */
  readonly queued: number;
  /** Connections turned away, because too many were waiting, or waited too long. */
  readonly dropped: number;
  /** Children that died and were not asked to. */
  readonly crashed: number;
}
