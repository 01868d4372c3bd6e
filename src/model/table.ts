import type { RowFilter, TableName } from './names.ts';

/** One table on one node. The same shape is read back from the catalog. */
export interface TableSpec {
  /** Name on the queue: the root's. */
  readonly name: TableName;
  /** Name on this node. */
  readonly destination: TableName;
  /** Rows that this node holds, as an expression over the table's columns; undefined is all of them. */
  readonly where: RowFilter | undefined;
}

/** Where the first copy of a table stands. */
export type SyncState =
  | { readonly kind: 'missing' }
  | { readonly kind: 'in_copy' }
  | { readonly kind: 'catching_up' }
  | { readonly kind: 'wants_handover'; readonly atTick: bigint }
  | { readonly kind: 'handing_over'; readonly atTick: bigint }
  | { readonly kind: 'in_sync' };
