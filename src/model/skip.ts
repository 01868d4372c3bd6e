import type { DatabaseName, NodeName, QueueName, TableName } from './names.ts';

/** An event that waits to be applied, without what it holds. */
export interface WaitingEvent {
  readonly id: bigint;
  readonly type: string;
  /** For rows, their table; for others what the type makes of it. */
  readonly extra1: string | undefined;
  readonly time: string;
}

/** A batch that a node can not get past. */
export interface StuckBatch {
  readonly queue: QueueName;
  readonly node: NodeName;
  /** Where one parked table stands, and not the node. */
  readonly table: TableName | undefined;
  readonly fromTick: bigint;
  readonly toTick: bigint;
  readonly error: string;
  /** Of the table alone where one is parked. No more than {@link mostSkipped} and one. */
  readonly events: readonly WaitingEvent[];
}

/** Each is kept whole; more than this is no case for leaving out. */
export const mostSkipped = 10_000;

export interface Skipped {
  readonly batch: StuckBatch;
  /** Empty where it was only looked at. */
  readonly skipped: readonly WaitingEvent[];
  readonly outcome:
    | { readonly kind: 'looked' }
    | { readonly kind: 'passed' }
    /** It is left out, and something else is in the way. */
    | { readonly kind: 'failed'; readonly error: string }
    /** The worker has not come to it in time, or none runs. */
    | { readonly kind: 'waiting' };
}

/** An event as it was when it was left out. */
export interface SkippedEvent {
  readonly database: DatabaseName;
  readonly queue: QueueName;
  readonly node: NodeName;
  readonly id: string;
  readonly tick: string;
  readonly consumer: string;
  readonly time: string;
  readonly txid: string;
  readonly type: string | null;
  readonly data: string | null;
  readonly extra1: string | null;
  readonly extra2: string | null;
  readonly extra3: string | null;
  readonly extra4: string | null;
  readonly skippedAt: string;
  readonly skippedBy: string;
  readonly client: string;
  readonly reason: string;
  readonly error: string | null;
}
