import type { HazardKind } from './hazard.ts';
import type { DatabaseIdentity } from './identity.ts';
import type { DatabaseName, Location, NodeName, QueueName, RowFilter, SequenceName, TableName } from './names.ts';
import type { Origin } from './origin.ts';
import type { Engine, InstalledSchema, SchemaName } from './schemas.ts';

/** Why a node can not go on under another name. */
export type MoveFault =
  /** Both names have a node. */
  | { readonly kind: 'both'; readonly databases: readonly [DatabaseName, DatabaseName] }
  /** The node lives on another database than the file says. */
  | { readonly kind: 'elsewhere'; readonly found: DatabaseName; readonly wanted: DatabaseName }
  /** Nodes that have to be told can not be. */
  | { readonly kind: 'unseen'; readonly nodes: readonly NodeName[] };

/** Why rows can not be told apart by all they have: there is a key, triggers can not name a column, a policy goes by keys. */
export type WholeRowFault = 'has_key' | 'comma' | 'policy';

/** Why a table can not go on under its new name. */
export type TableMoveFault =
  /** No entry of `tables` gives the new name to any node. */
  | { readonly kind: 'unwanted' }
  /** The root has neither table. */
  | { readonly kind: 'absent'; readonly node: NodeName }
  /** The new name is that of another table of the queue. */
  | { readonly kind: 'replicated'; readonly node: NodeName }
  /** There is a table of the new name beside the old one. */
  | { readonly kind: 'taken'; readonly node: NodeName }
  /** Events of a partition go by its own name or by its parent's. */
  | { readonly kind: 'partition'; readonly parent: TableName }
  /** Their names would change with the schema, and events of them would be lost. */
  | { readonly kind: 'sequences'; readonly sequences: readonly SequenceName[] }
  /** Another queue tells of the same table by its name. */
  | { readonly kind: 'shared'; readonly node: NodeName; readonly other: QueueName }
  | { readonly kind: 'merged'; readonly node: NodeName; readonly into: QueueName }
  | { readonly kind: 'foreign'; readonly nodes: readonly NodeName[] }
  /** Its first copy is under way there, or it is parked. */
  | { readonly kind: 'unsettled'; readonly nodes: readonly NodeName[] }
  /** Nodes that have to be told can not be. */
  | { readonly kind: 'unseen'; readonly nodes: readonly NodeName[] };

/** A subscriber beside a provider that does not go with it. */
export interface Astray {
  readonly queue: QueueName;
  readonly node: NodeName;
  readonly provider: NodeName;
  readonly worker: string;
  readonly position: bigint;
  readonly newestTick: bigint;
  /** The provider's address leads to another server than when the node last read there. */
  readonly moved: ServerMove | undefined;
}

/** System identifiers, which each server gets when it is initialized, and its physical copies keep. */
export interface ServerMove {
  readonly from: string;
  readonly to: string;
}

/** Everything that can be wrong and is somebody's to mend. The sentence is made in `render/describe-problem.ts`. */
/** Why a first copy can not be read from a node. */
export type CopySourceFault = 'unknown' | 'itself' | 'leaf' | 'below' | 'lacks_table' | 'other_rows';

export type Problem =
  // The file
  | {
      readonly code: 'file_unreadable';
      readonly file: string;
      readonly reason: 'missing' | 'sql_missing' | 'denied' | 'not_text' | 'too_large' | 'no_yaml_inside' | 'other';
      readonly detail: string;
    }
  | { readonly code: 'file_empty'; readonly file: string }
  | { readonly code: 'yaml_invalid'; readonly at: Origin; readonly detail: string; readonly hint: string | undefined }
  | { readonly code: 'key_duplicate'; readonly at: Origin; readonly key: string; readonly first: Origin }
  | {
      readonly code: 'key_unknown';
      readonly at: Origin;
      readonly key: string;
      readonly suggestion: string | undefined;
      /** Mappings that have a key of this very name. */
      readonly elsewhere: readonly string[];
      readonly known: readonly string[];
    }
  | {
      readonly code: 'key_missing';
      readonly at: Origin;
      /** Any one of these is enough. */
      readonly keys: readonly string[];
      readonly example: string | undefined;
    }
  | {
      readonly code: 'value_invalid';
      readonly at: Origin;
      /** As the user may see it; undefined for what may hold a secret. */
      readonly found: string | undefined;
      readonly expected: string;
      readonly suggestion: string | undefined;
    }
  | {
      readonly code: 'column_unknown';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly column: string;
      readonly known: readonly string[];
    }
  | {
      readonly code: 'masked_column_missing';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly destination: TableName;
      readonly column: string;
    }
  | {
      readonly code: 'virtual_column_unseen';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly destination: TableName;
      /** Of the root. */
      readonly virtual: readonly string[];
      /** Of those, what the node has as plain columns. */
      readonly columns: readonly string[];
      /** Keys of the file whose SQL reads one. */
      readonly expressions: readonly string[];
    }
  | {
      readonly code: 'key_column_lost';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly columns: readonly string[];
    }
  | {
      readonly code: 'ignored_key_column';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly column: string;
    }
  | {
      readonly code: 'ignored_columns_held';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly destination: TableName;
      readonly columns: readonly string[];
    }
  | {
      readonly code: 'provider_holds_other_columns';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly provider: NodeName;
    }
  | { readonly code: 'keys_conflict'; readonly at: Origin; readonly keys: readonly string[]; readonly first: Origin }
  | {
      readonly code: 'name_invalid';
      readonly at: Origin;
      readonly what: 'database' | 'queue' | 'node' | 'table' | 'sequence';
      readonly name: string;
      readonly reason: 'empty' | 'control_character' | 'space_around' | 'too_long' | 'part_empty';
      /** Bytes that fit; undefined where length is not the reason. */
      readonly limit: number | undefined;
    }
  | { readonly code: 'variable_malformed'; readonly at: Origin; readonly text: string }
  | { readonly code: 'variable_unset'; readonly at: Origin; readonly variable: string }
  | {
      readonly code: 'database_unknown';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly database: string;
      readonly known: readonly DatabaseName[];
      readonly suggestion: string | undefined;
    }
  | {
      readonly code: 'provider_unknown';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly provider: NodeName;
      readonly known: readonly NodeName[];
      readonly suggestion: string | undefined;
    }
  | {
      readonly code: 'provider_cycle';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly cycle: readonly NodeName[];
    }
  | {
      readonly code: 'provider_is_leaf';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly provider: NodeName;
    }
  | {
      readonly code: 'root_has_provider';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly provider: NodeName;
    }
  | {
      readonly code: 'merge_not_leaf';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly role: 'root' | 'branch';
    }
  | {
      readonly code: 'merge_queue_unknown';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly into: QueueName;
      readonly known: readonly QueueName[];
      readonly suggestion: string | undefined;
    }
  | {
      readonly code: 'merge_unfit';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly into: QueueName;
      readonly database: DatabaseName;
      readonly reason: 'itself' | 'no_node' | 'leaf';
      /** The other queue's node on the database. */
      readonly found: NodeName | undefined;
    }
  | { readonly code: 'merge_cycle'; readonly at: Origin; readonly cycle: readonly QueueName[] }
  | { readonly code: 'root_missing'; readonly at: Origin; readonly queue: QueueName }
  | { readonly code: 'roots_many'; readonly at: Origin; readonly queue: QueueName; readonly roots: readonly NodeName[] }
  | {
      readonly code: 'database_shared';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly database: DatabaseName;
      readonly nodes: readonly NodeName[];
    }
  | {
      readonly code: 'table_node_unknown';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly table: string;
      readonly node: NodeName;
      readonly known: readonly NodeName[];
      readonly suggestion: string | undefined;
    }
  | {
      readonly code: 'table_node_is_root';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly table: string;
      readonly node: NodeName;
    }
  | {
      readonly code: 'table_named_twice';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly table: string;
      readonly first: Origin;
    }
  | {
      readonly code: 'target_taken';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly target: string;
      readonly tables: readonly string[];
      readonly first: Origin;
    }
  | { readonly code: 'target_in_pattern'; readonly at: Origin; readonly queue: QueueName; readonly node: NodeName }
  | {
      readonly code: 'assertion_target_unknown';
      readonly at: Origin;
      readonly assertion: string;
      readonly what: 'database' | 'node';
      readonly name: string;
      readonly known: readonly string[];
      readonly suggestion: string | undefined;
    }
  | { readonly code: 'filter_unused'; readonly at: Origin; readonly queue: QueueName; readonly table: string }
  // The databases
  | {
      /** Its address leads to another database than before. */
      readonly code: 'database_moved';
      readonly database: DatabaseName;
      readonly expected: DatabaseIdentity;
      readonly found: DatabaseIdentity;
      /** What it was expected by. */
      readonly noted:
        | { readonly by: 'apply'; readonly queue: QueueName; readonly at: string; readonly user: string | undefined }
        | { readonly by: 'worker' | 'reader'; readonly queue: QueueName; readonly node: NodeName };
    }
  | {
      readonly code: 'database_unreachable';
      readonly database: DatabaseName;
      /** `pooled`: by the transaction. `full`: no connection is left. */
      readonly reason: 'refused' | 'authentication' | 'missing' | 'timeout' | 'pooled' | 'full' | 'other';
      readonly detail: string;
    }
  | {
      readonly code: 'sql_failed';
      readonly database: DatabaseName | undefined;
      readonly node: NodeName | undefined;
      readonly doing: string;
      readonly sqlstate: string | undefined;
      readonly detail: string;
      /** What the server says can be done. */
      readonly hint?: string | undefined;
    }
  | {
      readonly code: 'catalog_refused';
      readonly node: NodeName | undefined;
      readonly call: string;
      readonly status: number;
      readonly note: string;
    }
  | { readonly code: 'version_unsupported'; readonly database: DatabaseName; readonly serverVersion: number }
  | {
      readonly code: 'not_a_writer';
      readonly user: string;
    }
  | {
      readonly code: 'replication_role_denied';
      readonly database: DatabaseName;
      /** Those that replay there. */
      readonly nodes: readonly { readonly queue: QueueName; readonly node: NodeName }[];
      readonly user: string;
      readonly serverVersion: number;
    }
  | {
      readonly code: 'extensions_unavailable';
      readonly database: DatabaseName;
      readonly reason: 'not_offered' | 'no_right';
      readonly extensions: readonly SchemaName[];
      /** Already there as extensions. */
      readonly there: readonly SchemaName[];
      readonly user: string;
    }
  | {
      readonly code: 'engine_differs';
      readonly at: Origin;
      readonly database: DatabaseName;
      readonly wanted: Engine;
      readonly found: InstalledSchema['source'];
      readonly schemas: readonly SchemaName[];
    }
  | {
      readonly code: 'schemas_incomplete';
      readonly database: DatabaseName;
      readonly there: readonly SchemaName[];
      readonly missing: readonly SchemaName[];
    }
  | {
      readonly code: 'schemas_newer';
      readonly database: DatabaseName;
      readonly schemas: readonly { readonly name: SchemaName; readonly version: string; readonly known: string }[];
    }
  | {
      readonly code: 'assertion_failed';
      readonly at: Origin;
      readonly assertion: string;
      readonly database: DatabaseName;
      readonly answer: 'false' | 'null' | 'no row';
      readonly message: string | undefined;
    }
  | {
      readonly code: 'assertion_unusable';
      readonly at: Origin;
      readonly assertion: string;
      readonly database: DatabaseName;
      readonly detail: string;
    }
  | {
      readonly code: 'expression_fails';
      readonly at: Origin;
      readonly queue: QueueName;
      /** That refuses it; undefined is the root. */
      readonly node: NodeName | undefined;
      readonly table: TableName;
      /** The key of the file that it stands under. */
      readonly key: string;
      /** It is about the changed row alone, which a trigger hands over. */
      readonly captured: boolean;
      readonly detail: string;
      readonly sqlstate: string;
    }
  // The root's place, given to another node by a command
  | {
      readonly code: 'file_not_edited';
      readonly at: Origin;
      readonly queue: QueueName;
      /** Entries of `tables` name the new root among the subscribers; they are told beside. Otherwise the text can not be changed in place. */
      readonly namedAsSubscriber: boolean;
      readonly node: NodeName;
      /** What each node is to say instead. */
      readonly write: readonly {
        readonly node: NodeName;
        readonly role: 'root' | 'branch' | 'leaf';
        readonly provider: NodeName | undefined;
      }[];
    }
  | { readonly code: 'file_edited_meanwhile'; readonly file: string }
  | { readonly code: 'root_answers'; readonly queue: QueueName; readonly node: NodeName; readonly root: NodeName }
  | { readonly code: 'root_silent'; readonly queue: QueueName; readonly node: NodeName; readonly root: NodeName }
  // Desired against live
  | { readonly code: 'new_root_missing'; readonly queue: QueueName; readonly node: NodeName; readonly found: NodeName }
  | {
      readonly code: 'new_root_unfit';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly reason: 'missing' | 'copying' | 'renamed' | 'partial';
    }
  | {
      readonly code: 'old_root_missing';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly provider: NodeName;
    }
  | {
      readonly code: 'successor_unfit';
      readonly queue: QueueName;
      readonly node: NodeName;
      /** The root that does not answer. */
      readonly root: NodeName;
      readonly reason: 'behind' | 'unseen' | 'no_queue';
      readonly others: readonly NodeName[];
    }
  | {
      readonly code: 'dead_root_back';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly root: NodeName;
      readonly closed: boolean;
    }
  | {
      readonly code: 'node_past_new_root';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly tick: bigint;
      readonly provider: NodeName;
      readonly from: NodeName;
      /** The last tick of `from` that its successor had read; undefined where that is not on record at the provider. */
      readonly replaced: bigint | undefined;
    }
  | { readonly code: 'lost_root_in_place'; readonly queue: QueueName; readonly node: NodeName }
  | { readonly code: 'lost_tick_unknown'; readonly queue: QueueName; readonly node: NodeName }
  | {
      readonly code: 'lost_events_gone';
      readonly queue: QueueName;
      readonly node: NodeName;
      /** What its database holds now. */
      readonly found: 'root' | 'branch' | 'leaf' | undefined;
    }
  | {
      readonly code: 'lost_tick_gone';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly tick: bigint;
      /** A tick of that number is there, and is another one. */
      readonly other: boolean;
    }
  | { readonly code: 'root_move_unfinished'; readonly queue: QueueName; readonly node: NodeName; readonly to: NodeName }
  | {
      readonly code: 'two_roots';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly roots: readonly NodeName[];
    }
  | {
      readonly code: 'combined_root_moves';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly found: NodeName;
      readonly parts: readonly QueueName[];
    }
  | {
      readonly code: 'branch_has_subscribers';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly subscribers: readonly NodeName[];
    }
  | {
      readonly code: 'worker_awaited';
      readonly node: NodeName;
      /** Undefined: only that it answers. */
      readonly tick: bigint | undefined;
      readonly waitedMs: number;
      /** Whether a worker of this tool holds the node. */
      readonly running: boolean;
    }
  | { readonly code: 'ticks_gone'; readonly node: NodeName; readonly tick: bigint; readonly provider: NodeName }
  | { readonly code: 'copies_awaited'; readonly node: NodeName; readonly tables: readonly TableName[] }
  | { readonly code: 'queue_in_use'; readonly node: NodeName; readonly consumers: readonly string[] }
  | {
      readonly code: 'queue_not_in_file';
      readonly queue: QueueName;
      readonly database: DatabaseName;
      readonly node: NodeName;
    }
  | {
      readonly code: 'provider_not_seen';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly provider: NodeName;
    }
  | {
      readonly code: 'table_not_on_provider';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly provider: NodeName;
    }
  | {
      readonly code: 'provider_holds_fewer_rows';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly provider: NodeName;
      readonly where: RowFilter | undefined;
      readonly providerWhere: RowFilter;
    }
  | {
      readonly code: 'init_on_cascade';
      readonly queues: readonly QueueName[];
    }
  | {
      readonly code: 'init_schema_unknown';
      readonly schemas: readonly string[];
      readonly known: readonly string[];
    }
  | { readonly code: 'init_name_unfit'; readonly name: string }
  | {
      readonly code: 'queue_emptied';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly tables: number;
      readonly matchesNothing: boolean;
    }
  | {
      readonly code: 'removed_still_named';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly kind: 'table' | 'sequence' | 'node';
      readonly name: string;
    }
  | {
      readonly code: 'moved_unknown';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly from: NodeName;
      readonly to: NodeName;
      readonly known: readonly NodeName[];
      readonly suggestion: string | undefined;
    }
  | {
      readonly code: 'moved_conflict';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly from: NodeName;
      readonly to: NodeName;
      readonly reason: 'still_named' | 'chained' | 'from_twice' | 'to_twice';
      /** The entry that it does not go together with. */
      readonly first: Origin | undefined;
    }
  | {
      readonly code: 'moved_unfit';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly from: NodeName;
      readonly to: NodeName;
      readonly because: MoveFault;
    }
  | {
      readonly code: 'moved_table_conflict';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly from: TableName;
      readonly to: TableName;
      readonly reason: 'still_named' | 'unchanged' | 'chained' | 'from_twice' | 'to_twice';
      /** The entry that it does not go together with. */
      readonly first: Origin | undefined;
    }
  | {
      readonly code: 'moved_table_unfit';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly from: TableName;
      readonly to: TableName;
      readonly because: TableMoveFault;
    }
  | {
      readonly code: 'node_elsewhere';
      readonly queue: QueueName;
      readonly database: DatabaseName;
      readonly expected: NodeName;
      readonly found: NodeName;
    }
  | {
      readonly code: 'node_role_differs';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly wanted: string;
      readonly found: string;
    }
  | {
      readonly code: 'table_missing_on_root';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly table: TableName;
      readonly similar: readonly TableName[];
    }
  | {
      readonly code: 'table_missing_on_node';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly destination: TableName;
      readonly createSql: string;
      /** It was there before, and held rows that only a copy brings back. */
      readonly replicated: boolean;
    }
  | {
      readonly code: 'table_not_creatable';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly destination: TableName;
      readonly reasons: readonly string[];
      /** What would have to run on the node first; none for a reason that no statement there removes. */
      readonly sql: readonly string[];
    }
  | {
      readonly code: 'sequence_not_creatable';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly sequence: SequenceName;
      readonly reasons: readonly string[];
      readonly sql: readonly string[];
    }
  | {
      readonly code: 'table_created_without';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly destination: TableName;
      readonly left: readonly string[];
    }
  | { readonly code: 'roles_missing'; readonly database: DatabaseName; readonly roles: readonly string[] }
  | {
      readonly code: 'table_without_key';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      /** Statements that make a key of what is unique already, or give a subscriber the root's key. */
      readonly keySql: readonly string[];
      /** Unique and NOT NULL: what `key` in the file could name. */
      readonly fileKeys: readonly (readonly string[])[];
      /** The statement that adds a column for a key; undefined on a subscriber, where the root has one. */
      readonly addKeySql: string | undefined;
      /** On that node, already. */
      readonly replicated: boolean;
      readonly fatal: boolean;
    }
  | {
      readonly code: 'key_unusable';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly key: readonly string[];
      readonly because: 'column_unknown' | 'not_unique' | 'extension' | WholeRowFault;
      /** Statements that make it a key. */
      readonly keySql: readonly string[];
      /** On that node, already. */
      readonly replicated: boolean;
      readonly fatal: boolean;
    }
  | {
      readonly code: 'key_whole_row';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly table: TableName;
      readonly estimatedRows: number | undefined;
    }
  | {
      readonly code: 'columns_differ';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly destination: TableName;
      readonly differences: readonly string[];
      /** Statements that make the target take the rows; a difference that needs a decision has none. */
      readonly alterSql: readonly string[];
    }
  | {
      readonly code: 'table_partitioned';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      /** Its partitions replicate by themselves; or the original extensions, which take no partitioned table. */
      readonly because: 'partition_named' | 'extension';
      /** Of those partitions, one. */
      readonly partition: TableName | undefined;
      readonly fatal: boolean;
    }
  | {
      readonly code: 'handler_foreign';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly attrs: string;
    }
  | {
      readonly code: 'target_of_other_queue';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly destination: TableName;
      readonly other: QueueName;
    }
  | {
      readonly code: 'copy_source_unfit';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly from: NodeName;
      readonly reason: CopySourceFault;
    }
  | {
      readonly code: 'protected';
      readonly queue: QueueName;
      readonly node: NodeName;
      /** What would be done to the node, or to these of its tables. */
      readonly would: 'drop' | 'drop_with' | 'remove' | 'copy' | 'prune';
      readonly tables: readonly TableName[];
      /** False: the files do not name it any more, those of the last apply did. */
      readonly named: boolean;
    }
  | {
      /** A table, or all of a node, is not copied again. */
      readonly code: 'resync_refused';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName | undefined;
      readonly because:
        | { readonly kind: 'root' }
        /** Its rows come by another node, of the queue that it waits for. */
        | { readonly kind: 'waiting'; readonly behind: QueueName }
        | { readonly kind: 'not_held' }
        | { readonly kind: 'foreign_handler' }
        | { readonly kind: 'keeps_rows' }
        | { readonly kind: 'copying' };
    }
  | {
      /** Others read the table from there, and keep the rows that they have. */
      readonly code: 'resync_not_below';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly readers: readonly NodeName[];
    }
  | {
      readonly code: 'root_lost';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly database: DatabaseName;
      readonly leaves: readonly NodeName[];
    }
  | {
      readonly code: 'pattern_matches_nothing';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly pattern: string;
    }
  | {
      readonly code: 'sequence_falls';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly sequence: SequenceName;
      /** The root can not publish its values; else it stays where it is on the node. */
      readonly fatal: boolean;
    }
  | {
      readonly code: 'sequence_missing_on_node';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly sequence: SequenceName;
      /** Not by a table of the node. */
      readonly alone: boolean;
    }
  | {
      readonly code: 'node_unreachable';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly database: DatabaseName;
      readonly because: 'no_answer' | 'moved';
    }
  | {
      readonly code: 'node_not_in_file';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly provider: NodeName | undefined;
    }
  | { readonly code: 'worker_paused'; readonly queue: QueueName; readonly node: NodeName }
  | { readonly code: 'worker_failing'; readonly queue: QueueName; readonly node: NodeName; readonly error: string }
  | {
      readonly code: 'ticker_quiet';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly sinceTickMs: number;
    }
  | {
      readonly code: 'copy_stuck';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      /** As the catalog has it; null before the copy has begun. */
      readonly state: string | null;
      readonly quietMs: number;
    }
  | {
      readonly code: 'location_holds_password';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly root: NodeName;
      readonly location: Location;
    }
  // Looking at what is there
  | { readonly code: 'location_invalid' }
  | { readonly code: 'nothing_to_import' }
  | { readonly code: 'file_exists'; readonly file: string; readonly forcible: boolean }
  | { readonly code: 'file_unwritable'; readonly file: string; readonly detail: string }
  | {
      readonly code: 'output_unwritable';
      readonly file: 'standard output' | 'standard error';
      readonly detail: string;
    }
  // Planning and applying
  | {
      readonly code: 'consent_missing';
      readonly hazards: readonly { readonly kind: HazardKind; readonly steps: readonly string[] }[];
    }
  | { readonly code: 'plan_outdated'; readonly databases: readonly DatabaseName[] }
  | {
      readonly code: 'step_outdated';
      readonly step: string;
      readonly database: DatabaseName;
      readonly changes: readonly StepChange[];
    }
  | { readonly code: 'apply_locked'; readonly holder: string; readonly since: string }
  | {
      readonly code: 'node_still_read';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly readers: readonly NodeName[];
    }
  | { readonly code: 'destroy_unnamed'; readonly queues: readonly QueueName[] }
  | { readonly code: 'destroy_not_confirmed'; readonly queue: QueueName }
  | { readonly code: 'not_confirmed' }
  | { readonly code: 'log_entry_unknown'; readonly entry: string }
  | { readonly code: 'report_unwritable'; readonly file: string; readonly detail: string }
  | { readonly code: 'selection_matches_nothing'; readonly flag: string; readonly pattern: string }
  | {
      readonly code: 'uninstall_in_use';
      readonly database: DatabaseName;
      readonly queues: readonly string[];
      readonly nodes: readonly string[];
      readonly triggers: readonly string[];
    }
  /** Something that is not ours lies in the schemas, or depends on what lies there. */
  | { readonly code: 'uninstall_blocked'; readonly database: DatabaseName; readonly objects: readonly string[] }
  | { readonly code: 'uninstall_not_confirmed'; readonly database: DatabaseName }
  | {
      readonly code: 'plan_file_unusable';
      readonly file: string;
      readonly doing: 'read' | 'written';
      readonly detail: string;
    }
  | {
      readonly code: 'apply_failed';
      readonly step: string;
      readonly detail: string;
      readonly done: number;
      readonly left: number;
    }
  // Running
  | {
      readonly code: 'position_lost';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly position: bigint;
      readonly batchFrom: bigint;
      readonly batchTo: bigint;
    }
  | (Astray & { readonly code: 'provider_lost_ticks' })
  /** Its tick of the node's position is not the one that the node has applied. */
  | (Astray & { readonly code: 'provider_other_ticks' })
  | (Astray & { readonly code: 'provider_counter_behind' })
  | {
      readonly code: 'worker_unanswering';
      readonly queue: QueueName;
      readonly node: NodeName;
      /** What it was told. */
      readonly paused: boolean;
      readonly seconds: number;
    }
  | {
      readonly code: 'skip_not_stuck';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName | undefined;
    }
  | {
      readonly code: 'skip_event_unknown';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly event: bigint;
    }
  | { readonly code: 'skip_too_many'; readonly queue: QueueName; readonly node: NodeName; readonly most: number }
  | { readonly code: 'skip_not_confirmed'; readonly node: NodeName }
  | { readonly code: 'wait_exceeded'; readonly node: NodeName; readonly what: string; readonly seconds: number }
  | { readonly code: 'node_not_set_up'; readonly queue: QueueName; readonly node: NodeName }
  | {
      readonly code: 'node_paused';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly worker: string;
      readonly position: bigint;
      /** Waiting behind the position, by the event counter. */
      readonly events: bigint | undefined;
    }
  | {
      readonly code: 'name_unknown';
      readonly what: 'node' | 'queue' | 'table' | 'database';
      readonly name: string;
      readonly known: readonly string[];
    }
  | {
      readonly code: 'http_unavailable';
      readonly host: string;
      readonly port: number;
      /** The system's word, such as `EADDRINUSE`. */
      readonly reason: string;
      readonly detail: string;
    }
  | {
      readonly code: 'comparison_not_resumable';
      readonly file: string;
      readonly because:
        | { readonly kind: 'none' | 'unreadable' }
        /** It was made of another place. */
        | {
            readonly kind: 'elsewhere';
            readonly node: NodeName;
            readonly at: string;
            readonly provider: NodeName;
            readonly providerAt: string;
          };
    }
  | { readonly code: 'usage_invalid'; readonly command: string | undefined; readonly detail: string }
  // A defect of Trunkline itself
  | { readonly code: 'unexpected'; readonly detail: string }
  | {
      readonly code: 'table_gone';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly table: TableName;
      readonly destination: TableName;
    }
  | { readonly code: 'handler_unknown'; readonly queue: QueueName; readonly node: NodeName; readonly table: TableName }
  | {
      readonly code: 'execute_refused';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly file: string;
      readonly detail: string;
    }
  | {
      readonly code: 'migration_fails';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly file: string;
      readonly line: number | undefined;
      readonly detail: string;
      readonly sqlstate: string | undefined;
      /** Tables that have another name on that node, and that the file writes without the signs that stand for it. */
      readonly renamed: readonly { readonly table: TableName; readonly here: TableName }[];
    }
  | {
      readonly code: 'migration_not_tried';
      readonly queue: QueueName;
      readonly node: NodeName;
      readonly file: string;
      readonly detail: string;
    }
  | {
      readonly code: 'migrations_unreadable';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly folder: string;
      readonly missing: boolean;
      readonly detail: string;
    }
  | { readonly code: 'migration_changed'; readonly at: Origin; readonly queue: QueueName; readonly file: string }
  | {
      readonly code: 'migration_out_of_order';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly file: string;
      /** A later one, which has run. */
      readonly after: string;
    }
  | {
      readonly code: 'migration_name_taken';
      readonly at: Origin;
      readonly queue: QueueName;
      readonly file: string;
      readonly other: string;
      readonly database: DatabaseName;
    }
  | {
      readonly code: 'sql_file_key_unknown';
      readonly file: string;
      readonly line: number;
      readonly key: string;
      readonly known: readonly string[];
    }
  | { readonly code: 'event_unknown'; readonly queue: QueueName; readonly node: NodeName; readonly eventType: string }
  // Embedded servers
  | {
      readonly code: 'embedded_version_missing';
      readonly database: DatabaseName;
      readonly version: number;
      readonly installed: readonly number[];
      /** What to type to get it; undefined where no package has it. */
      readonly install: string | undefined;
    }
  | {
      readonly code: 'embedded_start_failed';
      readonly database: DatabaseName;
      readonly detail: string;
      /** Its own last words; empty where there are none. */
      readonly serverLog: string;
      /** Where it writes its log; undefined where it came to nothing before it was started. */
      readonly logFile: string | undefined;
    }
  | { readonly code: 'wipe_not_confirmed' }
  | { readonly code: 'embedded_stop_failed'; readonly database: DatabaseName; readonly detail: string };

/** What is not any more as a step was planned for. */
export type StepChange =
  | { readonly kind: 'table_made' | 'table_gone' | 'key_changed'; readonly table: TableName }
  | { readonly kind: 'columns_changed'; readonly table: TableName; readonly columns: readonly string[] }
  /** In what the table replicates as. */
  | { readonly kind: 'table_added' | 'table_removed' | 'options_changed'; readonly table: TableName }
  | { readonly kind: 'node_changed'; readonly node: NodeName }
  | { readonly kind: 'location_set'; readonly member: NodeName }
  | { readonly kind: 'ticker_set' };

export type ProblemCode = Problem['code'];

/** The one error the tool throws on purpose; anything else is a bug and keeps its stack. */
export class ToolError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super(problems.map((problem) => problem.code).join(', '), options);
    this.name = 'ToolError';
    this.problems = problems;
  }
}
