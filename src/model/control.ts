import type { NodeName, QueueName, TableName } from './names.ts';
import type { Problem } from './problem.ts';

/** A worker that was told to pause or to go on. */
export interface ToldWorker {
  readonly queue: QueueName;
  readonly node: NodeName;
  readonly paused: boolean;
  /** False where it was told so before. */
  readonly changed: boolean;
  /** A worker has seen it and goes by it; false where none runs. */
  readonly confirmed: boolean;
  /** Where the node stands. */
  readonly tick: bigint;
}

export interface ToldWorkers {
  readonly nodes: readonly ToldWorker[];
  readonly problems: readonly Problem[];
}

/** A parked table that was to be tried again. */
export interface RetriedTable {
  readonly queue: QueueName;
  readonly node: NodeName;
  readonly table: TableName;
  readonly outcome:
    | { readonly kind: 'in_sync' }
    /** It gets on, and is not there yet. */
    | { readonly kind: 'catching_up' }
    | { readonly kind: 'failed'; readonly error: string }
    | { readonly kind: 'no_worker' };
}

/** A node that was waited for. */
export interface AwaitedNode {
  readonly queue: QueueName;
  readonly node: NodeName;
  /** What it was to reach. */
  readonly until: bigint;
  /** Undefined where it could not be asked. */
  readonly tick: bigint | undefined;
  readonly reached: boolean;
  readonly waitedMs: number;
}

export interface Awaited {
  readonly nodes: readonly AwaitedNode[];
  readonly problems: readonly Problem[];
}
