/** What an agent knows: of itself, of the run of its current epoch, and of the people who speak to it. */
export type AgentContext = {
  id: string;
  rig: string;
  role: string;
  /** Where its latest run is or was; empty: it had none yet. */
  container: string;
  /** The one container that it runs in; null: any that suits. */
  pinned: string | null;
  /** The bead it is assigned to; kept while a failed start waits for its retry. */
  hook: string | null;
  /** The bead of the current epoch; outlives the hook, because a late sign of life may bring the run back. */
  bead: string | null;
  /** The fencing token of the latest dispatch; 0 before the first. */
  epoch: number;
  /** True when this dispatch is the breaker's half-open probe: its failure is not the bead's fault. */
  probe: boolean;
  /** The run of the epoch may still live although nobody waits for it. */
  revivable: boolean;
  /** The run of the epoch has sent a heartbeat: it was paid for. */
  began: boolean;
  /** Failed starts in a row. */
  startFailures: number;
  stopTries: number;
  incarnation: string | null;
  /** Its container was found to be down since the last sign of the run. */
  containerDown: boolean;
  branch: string | null;
  maxRunMs: number | null;
  pauseWanted: boolean;
  /** Why the last run or start ended as it did, or why it is being stopped. */
  reason: string | null;
  /** True when a person, or the bead itself, wanted the run to stop: it is not charged. */
  wanted: boolean;
  /** A person has its conversation. Absent in agents of earlier versions. */
  attended?: boolean;
  /** Ids of messages to the run that it has not taken, oldest first. Absent in agents of earlier versions. */
  unheard?: readonly string[];
  /** How many messages it was ever told. Absent in agents of earlier versions. */
  messages?: number;
  /** The last status message of the run. */
  note: string | null;
  tokens: number;
  costUsd: number;
};
