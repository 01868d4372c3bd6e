import type { TargetTable } from '../catalog/target-tables.ts';
import { quoteIdent, quoteName } from '../db/statement.ts';

/**
 * SQL that puts a row in the place of one, with other values in some columns: no update can set a column that is generated always as
 * identity. `values` are SQL, by column; the others keep what they hold.
 */
export function replaceRow(
  { name, partitioned, columns }: TargetTable,
  where: string,
  values: ReadonlyMap<string, string>,
): string {
  const written = columns.filter(({ generated }) => !generated);
  const list = written.map((column) => quoteIdent(column.name)).join(', ');
  const row = written.map((column) => values.get(column.name) ?? `gone.${quoteIdent(column.name)}`).join(', ');
  const table = quoteName(name);
  const gone = `delete from ${partitioned ? '' : 'only '}${table} where ${where} returning *`;
  return `with gone as (${gone}) insert into ${table} (${list}) overriding system value select ${row} from gone;`;
}
