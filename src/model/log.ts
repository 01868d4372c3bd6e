import type { NodeName, QueueName, TableName } from './names.ts';

/** One line of a worker's log. Never holds row data. */
export interface LogRecord {
  readonly level: 'info' | 'warn' | 'error';
  /** Stable word for programs, such as `batch_applied`. */
  readonly event: string;
  /** The sentence for people. */
  readonly message: string;
  readonly queue?: QueueName;
  readonly node?: NodeName;
  readonly table?: TableName;
  readonly batch?: bigint;
  readonly tick?: bigint;
  readonly sqlstate?: string | undefined;
}

export type Log = (record: LogRecord) => void;
