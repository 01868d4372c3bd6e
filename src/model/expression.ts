import type { DatabaseName, NodeName, QueueName, TableName } from './names.ts';
import type { Origin } from './origin.ts';

/** SQL of the file over the rows of a root's table, which is to be tried before anything is built on it. */
export interface Expression {
  /** Where it runs beside the root, over rows that come from there; undefined is the root itself. */
  readonly node: NodeName | undefined;
  /** The root's columns, where it is tried on another node. */
  readonly row: readonly RowColumn[];
  readonly at: Origin;
  readonly queue: QueueName;
  readonly database: DatabaseName;
  readonly table: TableName;
  readonly partitioned: boolean;
  /** The key of the file that it stands under. */
  readonly key: string;
  readonly text: string;
  /** Rows are chosen by a condition; a value stands in a row; captured is what a trigger sees, which has no name for its table. */
  readonly kind: 'condition' | 'value' | 'captured condition' | 'captured value';
}

export interface RowColumn {
  readonly name: string;
  /** As `format_type` prints it. */
  readonly type: string;
}

export interface ExpressionFault {
  readonly expression: Expression;
  readonly detail: string;
  readonly sqlstate: string;
}
