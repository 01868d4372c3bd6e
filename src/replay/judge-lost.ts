import type { LostOutcome, RowEvent } from '../model/lost-event.ts';
import type { TableName } from '../model/names.ts';

/** What the new root holds for a row. */
export interface FoundRow {
  readonly there: boolean;
  /** In the columns that were compared. */
  readonly same: boolean;
}

/** What happened to one row. */
export interface LostRow {
  readonly table: TableName;
  readonly key: readonly string[];
  readonly keyValues: readonly (string | null)[];
  /** It was made by the first of its changes: it was not there before. */
  readonly made: boolean;
  /** What is left of it in the end; undefined where it is gone. */
  readonly last: ReadonlyMap<string, string | null> | undefined;
}

/** The table and the values of the key, as one text; undefined where the event does not name its row. */
export function rowKeyOf({ table, change }: RowEvent): string | undefined {
  if (change.kind !== 'row' || change.key.length === 0) return undefined;
  return JSON.stringify([table, ...change.key.map((name) => [name, change.values.get(name)])]);
}

/** By the row that they are about, of those changes that name it. */
export function lostRows(events: readonly RowEvent[]): ReadonlyMap<string, LostRow> {
  const rows = new Map<string, LostRow>();
  for (const event of events) {
    const { change, table } = event;
    if (change.kind === 'truncate') {
      for (const [name, row] of rows) if (row.table === table) rows.set(name, { ...row, last: undefined });
      continue;
    }
    const name = rowKeyOf(event);
    if (change.kind !== 'row' || name === undefined) continue;
    const { key, op, values } = change;
    const before = rows.get(name) ?? {
      table,
      key,
      keyValues: key.map((column) => values.get(column) ?? null),
      made: op === 'I',
      last: undefined,
    };
    // An event may carry some columns alone: the others are as they were.
    rows.set(name, { ...before, last: op === 'D' ? undefined : new Map([...(before.last ?? []), ...values]) });
  }
  return rows;
}

/** `changedSince`: by the new root's own queue; undefined where it does not go back so far any more. */
export function judgeLost(row: LostRow, found: FoundRow, changedSince: boolean | undefined): LostOutcome {
  if (row.last === undefined ? !found.there : found.there && found.same) return 'equal';
  // Its statements would not do here what they did there.
  if (row.made === found.there) return 'conflict';
  // A row that was made after the tick, and is in nobody's way.
  if (row.made) return 'missing';
  if (changedSince === undefined) return 'differs';
  return changedSince ? 'conflict' : 'missing';
}
