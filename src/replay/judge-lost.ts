import type { LostOutcome, RowEvent } from '../model/lost-event.ts';
import type { TableName } from '../model/names.ts';

/** What the new root holds for a row. */
export interface FoundRow {
  readonly there: boolean;
  /** In the columns that were compared. */
  readonly same: boolean;
}

/** What tells a row from all others. */
export interface RowKey {
  readonly table: TableName;
  readonly key: readonly string[];
  readonly keyValues: readonly (string | null)[];
}

/** What happened to one row. */
export interface LostRow extends RowKey {
  /** It was made by the first of its changes: it was not there before. */
  readonly made: boolean;
  /** What is left of it in the end; undefined where it is gone. */
  readonly last: ReadonlyMap<string, string | null> | undefined;
}

/** As the event has it, in whatever order it names the columns; undefined where it does not name its row. */
export function rowKeyOf({ table, change }: RowEvent): RowKey | undefined {
  if (change.kind !== 'row' || change.key.length === 0) return undefined;
  const key = [...change.key].sort();
  return { table, key, keyValues: key.map((name) => change.values.get(name) ?? null) };
}

/** The columns by which the rows of each table are named; undefined for a table whose rows are not all named alike. */
export function keysOf(rows: Iterable<RowKey>): ReadonlyMap<TableName, readonly string[] | undefined> {
  const keys = new Map<TableName, readonly string[] | undefined>();
  for (const { table, key } of rows) {
    const known = keys.has(table) ? keys.get(table) : key;
    keys.set(table, known !== undefined && sameKey(known, key) ? known : undefined);
  }
  return keys;
}

export function sameKey(left: readonly string[], right: readonly string[]): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

export function nameOf({ table, key, keyValues }: RowKey): string {
  return JSON.stringify([table, key, keyValues]);
}

/** By the row that they are about, of those changes that name it; two events may write its key in two ways. */
export function lostRows(
  events: readonly RowEvent[],
  rowOf: (event: RowEvent) => string | undefined,
): ReadonlyMap<string, LostRow> {
  const rows = new Map<string, LostRow>();
  for (const event of events) {
    const { change, table } = event;
    if (change.kind === 'truncate') {
      for (const [name, row] of rows) if (row.table === table) rows.set(name, { ...row, last: undefined });
      continue;
    }
    const [key, name] = [rowKeyOf(event), rowOf(event)];
    if (change.kind !== 'row' || key === undefined || name === undefined) continue;
    const { op, values } = change;
    const before = rows.get(name) ?? { ...key, made: op === 'I', last: undefined };
    // An event may carry some columns alone: the others are as they were.
    rows.set(name, { ...before, last: op === 'D' ? undefined : new Map([...(before.last ?? []), ...values]) });
  }
  return rows;
}

/** `changedSince`: by the new root's own queue; undefined where that does not tell. */
export function judgeLost(row: LostRow, found: FoundRow, changedSince: boolean | undefined): LostOutcome {
  if (row.last === undefined ? !found.there : found.there && found.same) return 'equal';
  // Its statements would not do here what they did there.
  if (row.made === found.there) return 'conflict';
  // A row that was made after the tick, and is in nobody's way.
  if (row.made) return 'missing';
  if (changedSince === undefined) return 'differs';
  return changedSince ? 'conflict' : 'missing';
}
