import type { CreateMode } from './definition.ts';
import type { ExecuteFile } from './event.ts';
import type { Hazard } from './hazard.ts';
import type { DatabaseName, Location, NodeName, QueueName, SequenceName, TableName } from './names.ts';
import type { SchemaChange } from './schemas.ts';
import type { TableSpec } from './table.ts';
import type { NodeRole, TickerSettings } from './topology.ts';

interface StepOf<Kind extends string> {
  /** Stable for the same change: `add_table/replika/dst1/public.orders`. */
  readonly id: string;
  readonly kind: Kind;
  readonly database: DatabaseName;
  readonly hazards: readonly Hazard[];
  /** Ids of steps that must be done before. */
  readonly dependsOn: readonly string[];
}

interface NodeStepOf<Kind extends string> extends StepOf<Kind> {
  readonly queue: QueueName;
  readonly node: NodeName;
}

export type Step =
  | InstallSchemas
  | CreateRoot
  | CreateBranch
  | CreateLeaf
  | ChangeProvider
  | ChangeRole
  | MoveRoot
  | ReopenRoot
  | ReplaceRoot
  | FenceRoot
  | RenameNode
  | RenameTable
  | RemoveSubscription
  | SetTicker
  | SetLocation
  | CreateSchema
  | CreateType
  | CreateSequence
  | CreateTable
  | AddTable
  | ChangeTable
  | SetTableOptions
  | ResyncTable
  | RemoveTable
  | RestoreTriggers
  | AddSequence
  | RemoveSequence
  | ExecuteSqlFile
  | DropNode;

export type StepKind = Step['kind'];

/** All missing schemas of one database, and all of ours that are older, in one transaction. */
export interface InstallSchemas extends StepOf<'install_schemas'> {
  readonly schemas: readonly SchemaChange[];
}

export interface CreateRoot extends NodeStepOf<'create_root'> {
  readonly worker: string;
  readonly location: Location;
}

interface CreateSubscriber<Kind extends 'create_branch' | 'create_leaf'> extends NodeStepOf<Kind> {
  readonly worker: string;
  readonly location: Location;
  readonly provider: NodeName;
  readonly providerDatabase: DatabaseName;
  readonly rootDatabase: DatabaseName;
  /** The node is there, but its provider does not know it any more. */
  readonly existing: boolean;
}

export type CreateBranch = CreateSubscriber<'create_branch'>;

export interface CreateLeaf extends CreateSubscriber<'create_leaf'> {
  /** The queue on the same database that its events go on in. */
  readonly mergesInto: QueueName | undefined;
}

/** The node goes on where it stands, reading from another node. */
export interface ChangeProvider extends NodeStepOf<'change_provider'> {
  readonly location: Location;
  readonly from: NodeName;
  /** Undefined where the old provider can't be told. */
  readonly fromDatabase: DatabaseName | undefined;
  readonly to: NodeName;
  readonly toDatabase: DatabaseName;
  readonly toLocation: Location;
}

/** A leaf gets a queue, or a branch gives its queue up; its tables stay in sync. */
export interface ChangeRole extends NodeStepOf<'change_role'> {
  readonly from: 'branch' | 'leaf';
  readonly to: 'branch' | 'leaf';
  readonly mergesInto: QueueName | undefined;
  readonly tables: readonly TableSpec[];
  /** What the triggers of all get. */
  readonly triggerArgs: readonly string[];
  /** Tables whose triggers get more than that. */
  readonly captures: readonly { readonly table: TableName; readonly args: readonly string[] }[];
}

/** Writes start from `node` instead of `from`, which reads from it afterwards. Not a change gets lost. */
export interface MoveRoot extends NodeStepOf<'move_root'> {
  readonly location: Location;
  readonly from: NodeName;
  readonly fromDatabase: DatabaseName;
  readonly fromLocation: Location;
  /** Where the node reads now; undefined where it is the root already, and only the rest is to be done. */
  readonly provider: NodeName | undefined;
  readonly providerDatabase: DatabaseName | undefined;
}

/** A move of the root stopped half way, and the file leaves the root where it is: it takes writes again. */
export interface ReopenRoot extends NodeStepOf<'reopen_root'> {}

/** The root does not answer, and is given up: writes start from `node`, which has read most of it. */
export interface ReplaceRoot extends NodeStepOf<'replace_root'> {
  readonly from: NodeName;
  readonly fromLocation: Location;
  /** All others that answer: none may have read further. */
  readonly others: readonly { readonly node: NodeName; readonly database: DatabaseName }[];
}

/** A root that was given up answers again: it takes no more writes. */
export interface FenceRoot extends NodeStepOf<'fence_root'> {
  readonly root: NodeName;
}

/** The node goes on under another name where it stands. */
export interface RenameNode extends NodeStepOf<'rename_node'> {
  readonly from: NodeName;
  readonly location: Location;
  /** What its worker is called from then on. */
  readonly worker: string;
  /** Undefined for a root. */
  readonly provider: NodeName | undefined;
  readonly providerDatabase: DatabaseName | undefined;
  /** Where all others are told of names. */
  readonly rootDatabase: DatabaseName;
  /** Who reads from it. */
  readonly subscribers: readonly { readonly node: NodeName; readonly database: DatabaseName }[];
}

/** A node that reads elsewhere is signed off here: its events would be kept for ever. */
/** A replicated table goes on under another name. The node is the root. */
export interface RenameTable extends NodeStepOf<'rename_table'> {
  readonly from: TableName;
  readonly table: TableName;
  readonly triggerArgs: readonly string[];
  /** All others that know it, providers before their subscribers. */
  readonly nodes: readonly TableOnNode[];
}

export interface TableOnNode {
  readonly node: NodeName;
  readonly database: DatabaseName;
  readonly role: NodeRole;
  /** Its table there before and afterwards; undefined where it is only known. */
  readonly names: { readonly from: TableName; readonly to: TableName } | undefined;
  /** Undefined where it is to have no triggers. */
  readonly triggerArgs: readonly string[] | undefined;
}

export interface RemoveSubscription extends NodeStepOf<'remove_subscription'> {
  readonly subscriber: NodeName;
}

export interface SetTicker extends NodeStepOf<'set_ticker'> {
  readonly from: TickerSettings | undefined;
  readonly to: TickerSettings;
}

/** Tells a node where `member` is reached. On the root the change also travels down the queue. */
export interface SetLocation extends NodeStepOf<'set_location'> {
  readonly member: NodeName;
  readonly from: Location | undefined;
  readonly to: Location;
}

/** Made for tables that need it. What is there by the time the step runs is left as it is, as with the next three. */
export interface CreateSchema extends NodeStepOf<'create_schema'> {
  readonly schema: string;
  readonly statements: readonly string[];
}

export interface CreateType extends NodeStepOf<'create_type'> {
  /** Raw `schema.type`. */
  readonly type: string;
  readonly statements: readonly string[];
}

export interface CreateSequence extends NodeStepOf<'create_sequence'> {
  readonly sequence: SequenceName;
  readonly statements: readonly string[];
}

/** The table with its indexes and all else that is its own, while it holds no row. */
export interface CreateTable extends NodeStepOf<'create_table'> {
  readonly table: TableName;
  readonly destination: TableName;
  readonly create: Exclude<CreateMode, 'none'>;
  readonly statements: readonly string[];
  /** Kept among the keys that Londiste's workers took down: they come once both tables hold their rows. */
  readonly foreignKeys: readonly ForeignKey[];
}

export interface ForeignKey {
  readonly name: string;
  readonly table: TableName;
  readonly references: TableName;
  readonly sql: string;
}

export interface AddTable extends NodeStepOf<'add_table'> {
  readonly table: TableSpec;
  readonly role: NodeRole;
  /** What the queue's triggers get beside what Londiste gives them; see `captureArgs`. */
  readonly triggerArgs: readonly string[];
  /** What the first copy moves; undefined on the root, which copies nothing. */
  readonly copy: { readonly estimatedRows: number | undefined; readonly bytes: number } | undefined;
}

/** The table is taken out and added anew, with a fresh copy: rows that the old filter hid must come from somewhere. */
export interface ChangeTable extends NodeStepOf<'change_table'> {
  readonly from: TableSpec;
  readonly to: TableSpec;
  readonly role: NodeRole;
  readonly triggerArgs: readonly string[];
  readonly copy: { readonly estimatedRows: number | undefined; readonly bytes: number } | undefined;
}

/** How later changes go in, or fewer rows: what is there stays, or is deleted by the node's worker where `prune` says so. */
export interface SetTableOptions extends NodeStepOf<'set_table_options'> {
  readonly from: TableSpec;
  readonly to: TableSpec;
  readonly prune: boolean;
}

/** The table is copied again: its state goes back to the beginning, and the node's worker does the rest. */
export interface ResyncTable extends NodeStepOf<'resync_table'> {
  readonly table: TableSpec;
  readonly role: NodeRole;
  readonly copy: { readonly estimatedRows: number | undefined; readonly bytes: number };
  /** Leaves of other queues on the same database that put rows into the same table: it is emptied for all of them. */
  readonly merged: readonly { readonly queue: QueueName; readonly node: NodeName; readonly table: TableName }[];
}

export interface RemoveTable extends NodeStepOf<'remove_table'> {
  readonly table: TableName;
  readonly destination: TableName;
  readonly role: NodeRole;
}

/** A trigger of the queue is missing, disabled or has other arguments than it was added with. */
export interface RestoreTriggers extends NodeStepOf<'restore_triggers'> {
  readonly table: TableSpec;
  readonly role: NodeRole;
  readonly triggerArgs: readonly string[];
  readonly because: string;
}

export interface AddSequence extends NodeStepOf<'add_sequence'> {
  readonly sequence: SequenceName;
  readonly role: NodeRole;
  /** A subscriber starts with the value that its root has published. */
  readonly rootDatabase: DatabaseName;
}

export interface RemoveSequence extends NodeStepOf<'remove_sequence'> {
  readonly sequence: SequenceName;
}

/** An SQL file runs on the root, and then at its place in the stream on every other node. It is tried on each before. */
export interface ExecuteSqlFile extends NodeStepOf<'execute_file'> {
  readonly file: ExecuteFile;
  /** The root's and all others. */
  readonly nodes: readonly { readonly node: NodeName; readonly database: DatabaseName }[];
}

/** The file no longer names the node: it is signed off at its provider and root, and its queue objects go. User tables stay. */
export interface DropNode extends NodeStepOf<'drop_node'> {
  readonly provider: NodeName | undefined;
  readonly providerDatabase: DatabaseName | undefined;
  readonly rootDatabase: DatabaseName | undefined;
}
