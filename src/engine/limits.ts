/** Every bound of the engine, in one place, units last. */

export type Limits = {
  /** Envelopes that one root event may cause, itself included. */
  readonly sendsMax: number;
  /** Pieces of work in one commit. */
  readonly commitItemsMax: number;
  /** Due timers fired in one commit. */
  readonly timersMax: number;
  /** An event from outside, serialized. */
  readonly payloadBytesMax: number;
  /** Hydrated snapshots kept in memory. */
  readonly snapshotsMax: number;
  /** Tries of a timer or an outcome whose step throws, before it is a dead letter. */
  readonly triesMax: number;
  /** Wait before the next of those tries. */
  readonly tryAgainMs: number;
  /** How often a store that failed is tried again. */
  readonly recoverMs: number;
  /** How long `stop` waits for effects that are running. */
  readonly graceMs: number;
  /** Quiet time after which the store may do its housekeeping. */
  readonly restAfterMs: number;
  /** Rejected events of one entity and type are logged once in this time. */
  readonly rejectedSampleMs: number;
  /** Lease extensions of one entity and type are logged once in this time, when the machine does not say. */
  readonly leaseSampleMs: number;
  /** How often old answers and settled effects are deleted, when something was committed since. */
  readonly pruneEveryMs: number;
  /** Age at which they are deleted. */
  readonly keepMs: number;
  /** Rows that one pruning deletes at most. */
  readonly pruneRowsMax: number;
};

export const defaultLimits: Limits = {
  sendsMax: 10_000,
  commitItemsMax: 512,
  timersMax: 256,
  payloadBytesMax: 64 * 1024,
  snapshotsMax: 10_000,
  triesMax: 5,
  tryAgainMs: 1_000,
  recoverMs: 5_000,
  graceMs: 5_000,
  restAfterMs: 1_000,
  rejectedSampleMs: 60_000,
  leaseSampleMs: 60_000,
  pruneEveryMs: 3_600_000,
  keepMs: 7 * 86_400_000,
  pruneRowsMax: 10_000,
};
