import type { AssertionSpec } from './assertion.ts';
import type { RowOperation } from './capture.ts';
import type { HazardKind } from './hazard.ts';
import type { DatabaseIdentity } from './identity.ts';
import type { ExecutedFile } from './migration.ts';
import type { DatabaseName, Location, NodeName, QueueName, SequenceName, TableName } from './names.ts';
import type { Problem } from './problem.ts';
import type { InstalledSchema, OfferedExtension, SchemaName } from './schemas.ts';
import type { StepLimits } from './step-limits.ts';
import type { SyncState, TableSpec } from './table.ts';
import type { DatabaseSpec, QueueSpec, TickerSettings } from './topology.ts';

/** What the files say should be. */
export interface DesiredState {
  readonly databases: ReadonlyMap<DatabaseName, DatabaseSpec>;
  readonly queues: ReadonlyMap<QueueName, QueueSpec>;
  /** Hazards the files consent to. */
  readonly allow: readonly HazardKind[];
  readonly assertions: readonly AssertionSpec[];
  readonly limits: StepLimits;
}

/** What the catalogs say is. */
export interface LiveState {
  readonly databases: ReadonlyMap<DatabaseName, Observation>;
}

export type Observation = { readonly kind: 'unreachable'; readonly problem: Problem } | LiveDatabase;

/** What the worker of a node noted of servers, its own and its provider's, when it last reported. */
export interface ServersSeen {
  readonly queue: QueueName;
  readonly node: NodeName;
  readonly own: string | undefined;
  readonly provider: { readonly node: NodeName; readonly server: string } | undefined;
}

export interface LiveDatabase {
  readonly kind: 'reachable';
  /** Undefined where this user may not ask. */
  readonly identity: DatabaseIdentity | undefined;
  /** As `server_version_num`: 150004. */
  readonly serverVersion: number;
  readonly user: string;
  readonly superuser: boolean;
  /**
   * Whose right it takes to set `session_replication_role`: the owner's of the function that does it for the workers; the
   * user's where it is not there yet.
   */
  readonly replicator: string;
  readonly canReplicate: boolean;
  readonly schemas: ReadonlyMap<SchemaName, InstalledSchema>;
  readonly extensions: ReadonlyMap<SchemaName, OfferedExtension>;
  readonly queues: ReadonlyMap<QueueName, LiveNode>;
  readonly tables: ReadonlyMap<TableName, TableFacts>;
  readonly sequences: ReadonlySet<SequenceName>;
  /** Those that count down. */
  readonly fallingSequences: ReadonlySet<SequenceName>;
  /** Of the queues whose root this is. */
  readonly applied: ReadonlyMap<QueueName, AppliedRecord>;
  /** Tables whose first copy is not done: how many milliseconds ago anything was heard of it. */
  readonly quietCopies: ReadonlyMap<QueueName, ReadonlyMap<TableName, number>>;
  readonly serversSeen: readonly ServersSeen[];
  /** SQL files that ran here by way of any queue, by name. */
  readonly executed: ReadonlyMap<string, ExecutedFile>;
}

/** What a root keeps about the last apply of its queue. */
export interface AppliedRecord {
  /** The files as they were, resolved and without secrets, as JSON. */
  readonly config: string;
  /** Where each database of the queue was. */
  readonly databases: ReadonlyMap<DatabaseName, DatabaseIdentity>;
  /** Ids of steps that were planned then and are not carried out yet. */
  readonly pending: ReadonlySet<string>;
  readonly at: string;
  readonly by: string | undefined;
}

/** What a queue was last brought to, read again, so that it can be compared with what its databases hold now. */
export interface LastApplied extends Pick<AppliedRecord, 'pending' | 'at' | 'by'> {
  /** `unchanged` where the files say the same still; undefined where this release can't read the record. */
  readonly desired: DesiredState | 'unchanged' | undefined;
  readonly locations: ReadonlyMap<DatabaseName, Location>;
}

export interface ColumnFacts {
  readonly name: string;
  /** As `format_type` prints it. */
  readonly type: string;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly generated: boolean;
  /** Generated when it is read: no trigger sees its values. */
  readonly virtual: boolean;
}

/** A table of the user, as `pg_catalog` has it. */
export interface TableFacts {
  readonly name: TableName;
  readonly partitioned: boolean;
  /** Its parent. A partition's rows travel with its own trigger or its parent's, never both. */
  readonly partitionOf: TableName | undefined;
  readonly columns: readonly ColumnFacts[];
  /** Columns in key order; undefined where there is no primary key. */
  readonly primaryKey: readonly string[] | undefined;
  /** Unique, not partial, no expressions: what could become the key. */
  readonly uniqueKeys: readonly {
    readonly name: string;
    readonly columns: readonly string[];
    readonly notNull: boolean;
  }[];
  readonly ownedSequences: readonly SequenceName[];
  /** From statistics; undefined before the first ANALYZE. */
  readonly estimatedRows: number | undefined;
  /** Table, TOAST and indexes. */
  readonly bytes: number;
  /** The heap has no page at all. */
  readonly empty: boolean;
}

export interface LiveTrigger {
  readonly name: string;
  readonly enabled: 'origin' | 'always' | 'replica' | 'disabled';
  /** Such as `pgq.logutriga`. */
  readonly function: string;
  readonly args: readonly string[];
  /** None for one that fires for TRUNCATE. */
  readonly operations: readonly RowOperation[];
}

export interface LiveTable {
  readonly name: TableName;
  /** False: known on the queue, not replicated here. */
  readonly local: boolean;
  /** Decoded from `table_attrs` and `dest_table`; undefined where another tool's handler stands there. */
  readonly spec: TableSpec | undefined;
  readonly attrs: string | undefined;
  readonly sync: SyncState;
  /** Its indexes and keys are down for a copy: where the table leaves replication, its rows go and they come back. */
  readonly takenDown: boolean;
  /** The queue's own triggers on the table of this node. */
  readonly triggers: readonly LiveTrigger[];
}

export interface LiveSequence {
  readonly name: SequenceName;
  readonly local: boolean;
  readonly lastValue: bigint;
}

export interface LiveMember {
  /** Without a password, in the form that `encodeLocation` gives. */
  readonly location: Location;
  /** What is stored has a password in it. */
  readonly holdsPassword: boolean;
  readonly dead: boolean;
}

export interface LiveSubscriber {
  readonly worker: string;
  readonly watermark: bigint;
  /** How far its worker has finished, in the provider's ticks. */
  readonly lastTick: bigint | undefined;
}

/** One queue's node on one database. */
export interface LiveNode {
  readonly queue: QueueName;
  readonly name: NodeName;
  readonly type: 'root' | 'branch' | 'leaf';
  readonly provider: NodeName | undefined;
  /** Of a leaf: the queue on the same database that its events go on in. */
  readonly mergesInto: QueueName | undefined;
  readonly worker: string;
  readonly lastTick: bigint;
  readonly paused: boolean;
  readonly uptodate: boolean;
  readonly error: string | undefined;
  /** Of the local queue; undefined where there is none, or no tick yet. */
  readonly sinceTickMs: number | undefined;
  /** Of the local queue; a leaf has none. */
  readonly ticker: TickerSettings | undefined;
  /** Its queue takes no events from applications: a branch's, and that of a root which is being replaced. */
  readonly closed: boolean;
  readonly members: ReadonlyMap<NodeName, LiveMember>;
  readonly subscribers: ReadonlyMap<NodeName, LiveSubscriber>;
  readonly tables: ReadonlyMap<TableName, LiveTable>;
  readonly sequences: ReadonlyMap<SequenceName, LiveSequence>;
  /** Roots whose place it took while they did not answer, with the last of their ticks that it had read. */
  readonly replaced: ReadonlyMap<NodeName, bigint>;
}
