import type { IndexLead } from '../catalog/compare-reads.ts';
import type { Session } from '../db/session.ts';
import { quoteIdent, quoteLiteral, quoteName, sql } from '../db/statement.ts';
import type { Bound } from '../model/comparison-record.ts';
import type { TableName } from '../model/names.ts';

/** By what a table can be cut so that a part is the same rows on both sides, and is found by an index. */
export type RangeKey = Pick<IndexLead, 'columns' | 'types'>;

/** The rows behind one key up to another, which is among them. Open where a bound is undefined. */
export interface KeyRange {
  readonly key: RangeKey;
  readonly after: Bound | undefined;
  readonly upTo: Bound | undefined;
}

/** The longest that leads an index on both sides, of columns that both hold as they are; undefined where there is none. */
export function rangeKeyOf(
  provider: readonly IndexLead[],
  subscriber: readonly IndexLead[],
  key: readonly string[],
): RangeKey | undefined {
  let best: RangeKey | undefined;
  for (const left of provider) {
    for (const right of subscriber) {
      const length = sharedLength(left, right, key);
      if (length > (best?.columns.length ?? 0)) {
        best = { columns: left.columns.slice(0, length), types: left.types.slice(0, length) };
      }
    }
  }
  return best;
}

function sharedLength(left: IndexLead, right: IndexLead, key: readonly string[]): number {
  let length = 0;
  for (const [at, column] of left.columns.entries()) {
    if (right.columns[at] !== column || right.classes[at] !== left.classes[at] || !key.includes(column)) break;
    length += 1;
  }
  return length;
}

/** SQL; nothing where both ends are open. */
export function rangeConditions({ key, after, upTo }: KeyRange): readonly string[] {
  return [
    ...(after === undefined ? [] : [`${listOf(key)} > ${literals(key, after)}`]),
    ...(upTo === undefined ? [] : [`${listOf(key)} <= ${literals(key, upTo)}`]),
  ];
}

/** The key of the row that is so many further on; undefined where there are not so many. It looks into the index alone. */
export async function readBoundary(
  session: Session,
  { table, inheritable }: { readonly table: TableName; readonly inheritable: boolean },
  range: KeyRange,
  rows: number,
): Promise<Bound | undefined> {
  const columns = range.key.columns.map(quoteIdent);
  const conditions = rangeConditions(range);
  const where = conditions.length === 0 ? '' : `\n where ${conditions.join(' and ')}`;
  const [row] = await session.query<{ bound: string[] }>(
    sql(
      `select array[${columns.map((column) => `k.${column}::text`).join(', ')}] as bound
 from (select ${columns.join(', ')} from ${inheritable ? 'only ' : ''}${quoteName(table)}${where}
 order by ${columns.join(', ')} offset ${rows - 1} limit 1) k`,
    ),
  );
  return row?.bound;
}

function listOf({ columns }: RangeKey): string {
  return `(${columns.map(quoteIdent).join(', ')})`;
}

function literals({ types }: RangeKey, bound: Bound): string {
  return `(${types.map((type, at) => `${quoteLiteral(bound[at] ?? '')}::${type}`).join(', ')})`;
}
