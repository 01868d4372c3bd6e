import type { DatabaseName, QueueName } from './names.ts';
import type { Origin } from './origin.ts';

/** A query that must answer true before anything is planned. */
export interface AssertionSpec {
  readonly name: string;
  /** The queue that says it; undefined where it stands at the top of the file. */
  readonly queue: QueueName | undefined;
  readonly database: DatabaseName;
  readonly sql: string;
  readonly message: string | undefined;
  readonly timeoutMs: number;
  readonly at: Origin;
}
