import type { Session } from '../db/session.ts';
import type { NodeDeps } from './deps.ts';

/** The two ends of a subscription, and who may write. */
export interface Link {
  readonly deps: NodeDeps;
  readonly provider: Session;
  readonly subscriber: Session;
  readonly generation: bigint;
  /** The pgq consumer: the node's worker, or a copy's own. */
  readonly consumer: string;
}
