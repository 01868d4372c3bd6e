/**
 * One event as it stands in the queue. `id` and `txid` stay text: most events need neither as a number.
 */
export interface QueueRow {
  readonly id: string;
  readonly txid: string;
  readonly type: string;
  readonly data: string | null;
  readonly extra1: string | null;
  readonly extra2: string | null;
  readonly extra3: string | null;
  /** Only where they are asked for, as the next. */
  readonly extra4?: string | null;
  readonly time?: string | null;
}

/** What an event that is not a row change asks of a subscriber. */
export type ControlEvent =
  | { readonly kind: 'truncate'; readonly table: string }
  | { readonly kind: 'table_added'; readonly table: string }
  /** `txid`: the provider's transaction that wrote it. */
  | { readonly kind: 'table_removed'; readonly table: string; readonly txid: number }
  | { readonly kind: 'sequence_updated'; readonly sequence: string; readonly value: string }
  | { readonly kind: 'sequence_removed'; readonly sequence: string }
  | { readonly kind: 'location'; readonly node: string; readonly location: string | null; readonly dead: boolean }
  | { readonly kind: 'location_removed'; readonly node: string }
  | { readonly kind: 'global_watermark'; readonly tick: string }
  /** A queue that goes into this one has come so far. */
  | { readonly kind: 'partition_tick'; readonly queue: string; readonly tick: string }
  | { readonly kind: 'execute'; readonly file: ExecuteFile }
  | { readonly kind: 'unknown'; readonly row: QueueRow };

/** SQL that Londiste's `execute` sends through the queue. */
export interface ExecuteFile {
  /** Its id: it runs once per database. */
  readonly name: string;
  readonly sql: string;
  /** Url-encoded; empty without any. */
  readonly attributes: string;
}
