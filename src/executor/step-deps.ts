import type { Session } from '../db/session.ts';
import type { DatabaseName } from '../model/names.ts';

/** What carrying out one step needs. */
export interface StepDeps {
  /** One transaction on a database, tried again where a lock could not be had. */
  readonly write: <Result>(database: DatabaseName, work: (session: Session) => Promise<Result>) => Promise<Result>;
  /** A session outside any transaction, for reads and for work that opens its own. */
  readonly session: (database: DatabaseName) => Promise<Session>;
  /** A named place where a test may end the process. */
  readonly fault: (point: string) => void;
}
