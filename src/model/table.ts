import type { NodeName, RowFilter, TableName } from './names.ts';

/** One table on one node. The same shape is read back from the catalog. */
export interface TableSpec {
  /** Name on the queue: the root's. */
  readonly name: TableName;
  /** Name on this node. */
  readonly destination: TableName;
  /** Rows that this node holds, as an expression over the provider's columns; undefined is all of them. */
  readonly where: RowFilter | undefined;
  /** Which of the provider's columns this node holds; undefined is all of them. */
  readonly columns: ColumnChoice | undefined;
  /** Columns that hold something else than the provider's value, by name. */
  readonly mask: readonly ColumnMask[];
  readonly handler: HandlerSpec | undefined;
  readonly conflict: ConflictPolicy;
  readonly apply: ApplyOrder;
  readonly userTriggers: UserTriggers;
  readonly truncate: TruncatePolicy;
  readonly copy: CopyOptions;
}

export type ColumnChoice =
  | { readonly kind: 'include'; readonly names: readonly string[] }
  | { readonly kind: 'exclude'; readonly names: readonly string[] };

export interface ColumnMask {
  readonly column: string;
  /** SQL over the provider's row. */
  readonly expression: string;
}

/** What a row does that is in the way of another, or is not there. `keep` and `log` write both rows down. */
export type ConflictPolicy = 'error' | 'insert_or_update' | 'keep' | 'log';

/** `ordered`: one change after the other, as they were made. */
export type ApplyOrder = 'set_based' | 'ordered';

/** Which triggers of the user see replicated changes: those enabled for replicas, or those of any session. */
export type UserTriggers = 'replica' | 'fire';

export type TruncatePolicy = 'apply' | 'ignore';

/** How the first copy goes. */
export interface CopyOptions {
  /** Only these rows are copied. Later changes come whatever it says. */
  readonly where: RowFilter | undefined;
  /** Rows that are there already stay. */
  readonly keepRows: boolean;
  /** The node that is copied from, where it is not the provider; `?` finds one that holds the table. */
  readonly from: NodeName | '?' | undefined;
  /** Of Londiste: how many queues copy into the same table at once. */
  readonly parallel: number | undefined;
  /** How many streams a large table is copied by; undefined is one. */
  readonly ranges: number | undefined;
}

/** Londiste's handlers: what else than keeping equal rows is done with a table's events. */
export type HandlerSpec =
  | ShardHandler
  /** The root keeps no row of it: an insert only becomes an event. */
  | { readonly kind: 'queue_table' }
  /** Known here, and left alone. */
  | { readonly kind: 'virtual' }
  /** How Londiste's worker is to load; our own writes sets of rows anyway. */
  | { readonly kind: 'bulk'; readonly method: number | undefined }
  | { readonly kind: 'obfuscate'; readonly rules: readonly ObfuscationRule[] }
  | { readonly kind: 'apply_function'; readonly function: string; readonly argument: string };

/** The rows whose hash falls to this node. */
export interface ShardHandler {
  readonly kind: 'shard';
  readonly key: string;
  /** An SQL function that gives a whole number; undefined is Londiste's `partconf.get_hash_raw`. */
  readonly hash: string | undefined;
  /** Undefined: as `partconf.conf` on the node says. */
  readonly part: { readonly number: number; readonly of: number } | undefined;
}

export interface ObfuscationRule {
  readonly column: string;
  readonly rule: Obfuscation;
}

export const obfuscations = ['keep', 'skip', 'bool', 'hash32', 'hash64', 'hash'] as const;
export type Obfuscation = (typeof obfuscations)[number];

export const usualCopy: CopyOptions = {
  where: undefined,
  keepRows: false,
  from: undefined,
  parallel: undefined,
  ranges: undefined,
};

/** All rows and columns of a table as they are. */
export function wholeTable(name: TableName, destination: TableName = name): TableSpec {
  return {
    name,
    destination,
    where: undefined,
    columns: undefined,
    mask: [],
    handler: undefined,
    conflict: 'error',
    apply: 'set_based',
    userTriggers: 'replica',
    truncate: 'apply',
    copy: usualCopy,
  };
}

/** No event of it is applied, and the node need not have the table. */
export function isLeftAlone({ handler }: TableSpec): boolean {
  return handler?.kind === 'virtual' || handler?.kind === 'queue_table';
}

/** Where the first copy of a table stands. */
export type SyncState =
  | { readonly kind: 'missing' }
  | { readonly kind: 'in_copy' }
  | { readonly kind: 'catching_up' }
  | { readonly kind: 'wants_handover'; readonly atTick: bigint }
  | { readonly kind: 'handing_over'; readonly atTick: bigint }
  | { readonly kind: 'in_sync' };
