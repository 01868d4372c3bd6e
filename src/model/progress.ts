import type { NodeName, QueueName, TableName } from './names.ts';

/** What a long job tells its caller while it runs. */
export type Progress =
  | { readonly kind: 'step_started'; readonly step: string; readonly description: string }
  | { readonly kind: 'step_done'; readonly step: string; readonly description: string; readonly elapsedMs: number }
  | { readonly kind: 'step_failed'; readonly step: string; readonly description: string; readonly detail: string }
  | { readonly kind: 'step_skipped'; readonly step: string; readonly description: string; readonly because: string }
  | CopyProgress
  | CompareProgress
  | { readonly kind: 'note'; readonly node: NodeName | undefined; readonly text: string };

/** The first copy of one table on one node. Rows and bytes count from the start of the copy. */
export interface CopyProgress {
  readonly kind: 'copy';
  readonly queue: QueueName;
  readonly node: NodeName;
  readonly table: TableName;
  readonly phase: 'starting' | 'copying' | 'indexing' | 'catching_up' | 'handing_over' | 'done' | 'failed';
  readonly rowsDone: number;
  /** Estimate from the provider's statistics; undefined where there are none. */
  readonly rowsTotal: number | undefined;
  readonly bytesDone: number;
  readonly elapsedMs: number;
}

/** How far a comparison of a node is. Rows are the provider's; rows, chunks and bytes count from its start. */
export interface CompareProgress {
  readonly kind: 'compare';
  readonly queue: QueueName;
  readonly node: NodeName;
  /** Undefined is all tables of the node. */
  readonly table: TableName | undefined;
  readonly phase: 'reading' | 'done';
  readonly rowsDone: number;
  /** Estimate from the provider's statistics; undefined where there are none. */
  readonly rowsTotal: number | undefined;
  /** Of the provider's files, by the share of rows. */
  readonly bytesDone: number;
  readonly chunksDone: number;
  /** Undefined where it is about one. */
  readonly tables: { readonly done: number; readonly total: number } | undefined;
  readonly elapsedMs: number;
}

export type Report = (progress: Progress) => void;
