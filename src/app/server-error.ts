import { readDriverError } from '../db/driver-errors.ts';
import type { Problem } from '../model/problem.ts';

/** What a server said to a query in a place that expects nothing of the kind; undefined where only we can have caused it. */
export function serverError(error: unknown): Problem | undefined {
  const known = readDriverError(error);
  if (known === undefined || (known.sqlstate?.startsWith('42') === true && known.sqlstate !== lacksRight))
    return undefined;
  const { sqlstate, message: detail, hint, place } = known;
  const doing = place === undefined ? 'a query' : `a query in ${place}`;
  return { code: 'sql_failed', database: undefined, node: undefined, doing, sqlstate, detail, hint };
}

const lacksRight = '42501';
