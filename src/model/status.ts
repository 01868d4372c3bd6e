import type { DatabaseName, Location, NodeName, QueueName, TableName } from './names.ts';
import type { Problem } from './problem.ts';
import type { CopyProgress } from './progress.ts';
import type { OlderSchema } from './schemas.ts';
import type { SyncState } from './table.ts';
import type { NodeRole } from './topology.ts';

/** The first copy of a table, as its worker last told. */
export interface CopyStatus {
  readonly phase: CopyProgress['phase'];
  readonly rowsDone: bigint;
  readonly rowsTotal: bigint | undefined;
  readonly bytesDone: bigint;
  readonly sinceReportMs: number;
}

/** What a trigger of the queue can see. */
export const changeKinds = ['insert', 'update', 'delete', 'truncate'] as const;
export type ChangeKind = (typeof changeKinds)[number];

export interface TableStatus {
  readonly table: TableName;
  readonly target: TableName;
  /** The table itself is there. */
  readonly exists: boolean;
  /** Undefined for a state that no release of Londiste writes. */
  readonly sync: SyncState | undefined;
  readonly copy: CopyStatus | undefined;
  /** Why its copy failed, or it was parked; until it gets on. */
  readonly error: string | undefined;
  /** Changes that an enabled trigger of the queue sees. */
  readonly watched: readonly ChangeKind[];
  /** Triggers of the queue that are there, and do not fire for users. */
  readonly disabledTriggers: readonly string[];
}

/** The queue on a root's database. */
export interface QueueActivity {
  readonly newestTick: bigint;
  readonly sinceTickMs: number;
  /** By the event counter since the newest tick: an estimate, which counts rolled back events too. */
  readonly eventsWaiting: bigint;
  readonly maxLagMs: number;
  readonly idlePeriodMs: number;
  readonly rotationPeriodMs: number;
  readonly tickerPaused: boolean;
  readonly sinceRotationMs: number;
  /** Of all event tables. */
  readonly bytes: bigint;
  /** Numbers of events given out so far, rolled back ones too. */
  readonly eventsWritten: bigint;
  /** Mean size of an event that is kept, by the server's statistics; undefined where they tell of too few. */
  readonly eventBytes: number | undefined;
  /** Who stands furthest back; rotation waits for it. */
  readonly oldest: { readonly consumer: string; readonly tick: bigint; readonly lagMs: number } | undefined;
  readonly heldBy: RotationHolder | undefined;
}

/** A transaction that has written since before the last rotation: the next one waits for it, wherever consumers stand. */
export type RotationHolder = {
  readonly user: string;
  readonly database: string;
  readonly sinceMs: number;
} & ({ readonly kind: 'prepared'; readonly gid: string } | { readonly kind: 'session'; readonly pid: number });

/** A subscriber as its provider sees it. */
export interface Subscription {
  readonly tick: bigint;
  /** How old the data is that the subscriber holds for certain. */
  readonly lagMs: number;
  readonly ticksBehind: bigint;
  readonly eventsBehind: bigint;
  /** Of the numbers given out to events, how many lie before its position. */
  readonly eventsDone: bigint;
  readonly sinceSeenMs: number;
}

export interface WorkerHeartbeat {
  readonly state: string;
  readonly host: string | undefined;
  readonly pid: number | undefined;
  readonly ageMs: number;
}

/** What a node keeps of rows that did not go the way of the rest. Only so many are counted. */
export interface NodeRecords {
  readonly count: number;
  /** There are more than were counted. */
  readonly more: boolean;
  readonly lastDay: number;
  /** ISO 8601, in UTC. */
  readonly newest: string;
  readonly ageMs: number;
}

/** What a database says of its node. */
export interface PresentNode {
  readonly kind: 'present';
  readonly type: 'root' | 'branch' | 'leaf';
  readonly worker: string;
  readonly tick: bigint;
  readonly paused: boolean;
  readonly uptodate: boolean;
  readonly error: string | undefined;
  /** Undefined where no worker of this tool has ever run. */
  readonly heartbeat: WorkerHeartbeat | undefined;
  readonly tables: readonly TableStatus[];
  readonly queue: QueueActivity | undefined;
  /** Events that it left out; undefined where there are none. */
  readonly skipped: NodeRecords | undefined;
  /** Rows that were in the way, or missing, where the policy of their table is to go on. */
  readonly conflicts: NodeRecords | undefined;
  /** Of its database. */
  readonly olderSql: readonly OlderSchema[];
}

export type NodeReading =
  | PresentNode
  | { readonly kind: 'unreachable'; readonly problem: Problem }
  | { readonly kind: 'not_set_up' }
  | { readonly kind: 'elsewhere'; readonly found: NodeName };

/** What its provider says; undefined where nobody could be asked, `none` where the provider does not know the node. */
export type SubscriptionReading = Subscription | 'none' | undefined;

export type Severity = 'warn' | 'error';

/** A table that both names lead to, as the root has it: `apply` was ended on its way, or waits for nodes to catch up. */
export interface TableRenaming {
  readonly table: TableName;
  readonly from: TableName;
  /** Who is not done with the old name, and how far behind the root it is; undefined where it does not answer. */
  readonly left: readonly { readonly node: NodeName; readonly ticks: bigint | undefined }[];
}

/** Why a node is not simply ok. The words are made in `render/describe-finding.ts`. */
export type Finding = { readonly severity: Severity } & (
  | { readonly code: 'unreachable'; readonly problem: Problem }
  | { readonly code: 'not_set_up' }
  | { readonly code: 'elsewhere'; readonly found: NodeName }
  | { readonly code: 'root_replaced'; readonly by: NodeName }
  | { readonly code: 'worker_error'; readonly message: string }
  | { readonly code: 'worker_silent'; readonly sinceMs: number | undefined }
  | { readonly code: 'events_skipped'; readonly records: NodeRecords }
  | { readonly code: 'sql_older'; readonly schemas: readonly OlderSchema[] }
  | { readonly code: 'paused' }
  | { readonly code: 'not_uptodate' }
  | { readonly code: 'lagging'; readonly lagMs: number; readonly ticks: bigint; readonly events: bigint }
  | { readonly code: 'ahead_of_provider'; readonly tick: bigint; readonly newestTick: bigint }
  | { readonly code: 'behind_subscription'; readonly tick: bigint; readonly subscription: bigint }
  | { readonly code: 'not_subscribed' }
  | { readonly code: 'provider_unknown' }
  | { readonly code: 'table_not_in_sync'; readonly table: TableName; readonly sync: SyncState | undefined }
  | { readonly code: 'table_parked'; readonly table: TableName; readonly message: string }
  | ({ readonly code: 'table_renaming' } & TableRenaming)
  | { readonly code: 'table_gone'; readonly table: TableName; readonly target: TableName }
  | { readonly code: 'not_captured'; readonly table: TableName; readonly changes: readonly ChangeKind[] }
  | { readonly code: 'not_denied'; readonly table: TableName; readonly changes: readonly ChangeKind[] }
  | { readonly code: 'trigger_disabled'; readonly table: TableName; readonly triggers: readonly string[] }
  | { readonly code: 'ticker_paused' }
  | { readonly code: 'ticker_silent'; readonly sinceMs: number; readonly eventsWaiting: bigint }
  | {
      readonly code: 'rotation_stuck';
      readonly sinceMs: number;
      readonly periodMs: number;
      readonly bytes: bigint;
      readonly consumer: string | undefined;
      readonly tick: bigint | undefined;
      readonly heldBy: RotationHolder | undefined;
    }
);

export type FindingCode = Finding['code'];
export type Verdict = 'ok' | Severity;

export interface NodeStatus {
  readonly node: NodeName;
  readonly database: DatabaseName;
  /** Never with a password. */
  readonly location: Location;
  readonly role: NodeRole;
  readonly provider: NodeName | undefined;
  readonly reading: NodeReading;
  readonly subscription: SubscriptionReading;
  readonly verdict: Verdict;
  /** Errors first. */
  readonly findings: readonly Finding[];
}

export interface QueueStatus {
  readonly queue: QueueName;
  /** In the order of the file. */
  readonly nodes: readonly NodeStatus[];
}

export interface CascadeStatus {
  readonly queues: readonly QueueStatus[];
}

export function worstOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('error')) return 'error';
  return verdicts.includes('warn') ? 'warn' : 'ok';
}
