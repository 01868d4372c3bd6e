import type { Session } from '../db/session.ts';
import { sqlFile } from '../db/sql-files.ts';
import { prepared, quoteLiteral, quoteName } from '../db/statement.ts';
import { type QueueName, splitName, type TableName, tableName } from '../model/names.ts';
import type { ColumnFacts } from '../model/state.ts';
import { type ColumnRow, readColumn } from './live-rows.ts';

/** One table as it is at this moment. */
export interface TableNow {
  readonly facts:
    | { readonly columns: readonly ColumnFacts[]; readonly primaryKey: readonly string[] | undefined }
    | undefined;
  /** Undefined where it does not replicate here. */
  readonly replicated: { readonly attrs: string | undefined; readonly destination: TableName } | undefined;
}

interface TableRow {
  readonly facts: { readonly columns: readonly ColumnRow[]; readonly key: readonly string[] | null } | null;
  readonly replicated: { readonly attrs: string | null; readonly target: string } | null;
}

/**
 * Inside a transaction: the table stays as it was found until that ends, as far as the user may lock it. Types are read by
 * the same path as when the plan was made.
 */
export async function readTableNow(
  session: Session,
  queue: QueueName,
  table: TableName,
  destination: TableName,
): Promise<TableNow> {
  await session.script(`set local search_path = pg_catalog; ${holdStill(destination)}`);
  const { schema, name } = splitName(destination);
  const [row] = await session.query<TableRow>(
    prepared('table_now', sqlFile('queries/table-now.sql'), queue, table, schema, name),
  );
  await session.script('set local search_path to default');
  const { facts = null, replicated = null } = row ?? {};
  return {
    facts: facts === null ? undefined : { columns: facts.columns.map(readColumn), primaryKey: facts.key ?? undefined },
    replicated:
      replicated === null
        ? undefined
        : { attrs: replicated.attrs ?? undefined, destination: tableName(replicated.target) },
  };
}

/** The lock of a reader: only ALTER and DROP wait for it. */
function holdStill(table: TableName): string {
  const block = `begin
    lock table only ${quoteName(table)} in access share mode;
  exception when insufficient_privilege or undefined_table or invalid_schema_name or wrong_object_type then null;
  end`;
  return `do ${quoteLiteral(block)}`;
}
