import type { TargetTable } from '../catalog/target-tables.ts';
import type { Session } from '../db/session.ts';
import { quoteIdent, quoteName, sql } from '../db/statement.ts';
import type { RowNow } from '../model/lost-event.ts';
import { askApart } from './ask-apart.ts';

/** A row as somebody left it; `last` undefined where it was deleted. */
export interface SoughtRow {
  readonly key: readonly string[];
  readonly keyValues: readonly (string | null)[];
  readonly last: ReadonlyMap<string, string | null> | undefined;
}

export interface HeldRow {
  readonly there: boolean;
  readonly same: boolean;
  readonly now: RowNow;
}

/** Rows travel together, but not too many of them: some are large. */
const together = 200;

/**
 * What a table holds of rows that are sought, in their order, inside a transaction. Values are compared as the table would
 * hold them: one value may be written in several ways. Undefined for a row with a value that the table can not hold.
 */
export async function compareLost(
  session: Session,
  target: TargetTable,
  rows: readonly SoughtRow[],
): Promise<readonly (HeldRow | undefined)[]> {
  const held: (HeldRow | undefined)[] = [];
  // Rows that are told by other columns, or carry others, are asked for by another statement.
  for (const group of alike(rows, target)) {
    for (let at = 0; at < group.rows.length; at += together) {
      const part = group.rows.slice(at, at + together);
      const found = await askApart(session, part, (some) => compareAlike(session, target, group, some));
      for (const [index, { place }] of part.entries()) held[place] = found[index];
    }
  }
  return held;
}

interface Group {
  readonly key: readonly string[];
  readonly columns: readonly string[];
  readonly rows: { readonly row: SoughtRow; readonly place: number }[];
}

function alike(rows: readonly SoughtRow[], target: TargetTable): readonly Group[] {
  const held = new Set(target.columns.map(({ name }) => name));
  const groups = new Map<string, Group>();
  for (const [place, row] of rows.entries()) {
    const columns = [...(row.last?.keys() ?? row.key)].filter((name) => held.has(name));
    const name = JSON.stringify([row.key, columns]);
    const group = groups.get(name) ?? { key: row.key, columns, rows: [] };
    groups.set(name, group);
    group.rows.push({ row, place });
  }
  return [...groups.values()];
}

async function compareAlike(
  session: Session,
  target: TargetTable,
  { key, columns }: Group,
  rows: readonly Group['rows'][number][],
): Promise<readonly HeldRow[]> {
  const typeOf = (name: string) => target.columns.find((column) => column.name === name)?.fullType ?? 'text';
  const given = [...key.map((name) => ({ name, of: 'k' })), ...columns.map((name) => ({ name, of: 'c' }))];
  const names = given.map((_, index) => `v${index}`);
  const cast = (index: number) => `v.v${index}::${typeOf(given[index]?.name ?? '')}`;
  const on = key.map((name, index) => `t.${quoteIdent(name)} = ${cast(index)}`).join(' and ');
  const texts = columns.map((name) => `t.${quoteIdent(name)}::text`);
  const same = columns.map((_, index) => `${texts[index]} is not distinct from (${cast(key.length + index)})::text`);
  const found = await session.query<{ there: boolean; same: boolean; now: (string | null)[] }>(
    sql(
      // Where the columns that tell rows apart for the event do not do so here, the row that is the same is it.
      `select distinct on (v.nr) t.tableoid is not null as there, ${['true', ...same].join(' and ')} as same, array[${texts.join(', ')}]::text[] as now
        from unnest(${names.map((_, index) => `$${index + 1}::text[]`).join(', ')}) with ordinality v(${names.join(', ')}, nr)
        left join ${target.partitioned ? '' : 'only '}${quoteName(target.name)} t on ${on}
        order by v.nr, same desc`,
      ...given.map(({ name, of }, index) =>
        rows.map(({ row }) => (of === 'k' ? row.keyValues[index] : row.last?.get(name)) ?? null),
      ),
    ),
  );
  return found.map(({ there, same, now }) => ({
    there,
    same: there && same,
    now: there ? new Map(columns.map((name, index) => [name, now[index] ?? null])) : null,
  }));
}
