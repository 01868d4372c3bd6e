import type { DatabaseName, NodeName, QueueName, TableName } from './names.ts';

/** A row of a node that was not as its provider's change expected it, by the policy of its table. */
export interface Conflict {
  readonly database: DatabaseName;
  readonly id: string;
  readonly noticedAt: string;
  readonly queue: QueueName;
  readonly node: NodeName;
  readonly table: TableName;
  readonly kind: 'insert_exists' | 'update_missing' | 'delete_missing';
  /** `keep`: the row that was here stayed. `log`: the provider's took its place. */
  readonly policy: 'keep' | 'log';
  /** Null where there was none. */
  readonly rowHere: unknown;
  readonly rowOfProvider: unknown;
}
