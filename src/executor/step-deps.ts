import type { PlanEntry } from '../catalog/plan-log.ts';
import type { Connector } from '../db/connector.ts';
import type { Session } from '../db/session.ts';
import type { Clock } from '../model/clock.ts';
import type { DatabaseName, NodeName } from '../model/names.ts';
import type { Step } from '../model/step.ts';

/** What carrying out one step needs. */
export interface StepDeps {
  /** One transaction on a database, tried again where a lock could not be had. */
  readonly write: <Result>(database: DatabaseName, work: (session: Session) => Promise<Result>) => Promise<Result>;
  /** The same for work that opens its own transactions. */
  readonly retried: <Result>(database: DatabaseName, work: (session: Session) => Promise<Result>) => Promise<Result>;
  /** A session outside any transaction, for reads and for work that opens its own. */
  readonly session: (database: DatabaseName) => Promise<Session>;
  /** All of the plan, in its order. */
  readonly steps: readonly Step[];
  /** Opens a session of its own, beside those of the plan. */
  readonly connector: Connector;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** Told while a step waits for something. */
  readonly note: (node: NodeName, text: string) => void;
  /** Who applies the plan, for what is put on record. */
  readonly author: Pick<PlanEntry, 'appliedBy' | 'client'>;
  /** Who holds a worker, seen by others. */
  readonly holder: string;
  /** How long a step waits for a worker that makes no progress. */
  readonly workerTimeoutMs: number;
  /** A named place where a test may end the process. */
  readonly fault: (point: string) => void;
}
