import type { Session } from '../db/session.ts';
import { sqlFile } from '../db/sql-files.ts';
import { quoteName, sql } from '../db/statement.ts';
import type { TableName } from '../model/names.ts';

/** A table of the subscriber, as the worker needs it to write rows. */
export interface TargetTable {
  readonly name: TableName;
  readonly partitioned: boolean;
  readonly columns: readonly TargetColumn[];
  /** In key order; empty where there is no primary key. */
  readonly key: readonly string[];
  /** Fires user triggers under `session_replication_role = replica`: rows must come one by one, in order. */
  readonly ordered: boolean;
  readonly referenced: boolean;
  /** Foreign keys that are checked for what this session writes. */
  readonly references: readonly Reference[];
  /** Triggers of the user that fire for what this session writes, or do not, against what a replica would have. */
  readonly misfiring: readonly string[];
}

export interface Reference {
  readonly table: TableName;
  readonly deferrable: boolean;
}

export interface TargetColumn {
  readonly name: string;
  /** As `format_type` prints it without a modifier. */
  readonly type: string;
  /** With its modifier: equal text on both sides means equal binary form for a built-in type. */
  readonly fullType: string;
  readonly builtIn: boolean;
  /** Equal values may have several texts: of their type, or by the settings of the session that wrote the event. */
  readonly manyTexts: boolean;
  /** May hold intervals. */
  readonly intervals: boolean;
  /** Operator of its type, wherever that is: quoted, with its schema. */
  readonly equals: string;
  readonly generated: boolean;
  /** An identity that is generated always: no update may set it. */
  readonly unchangeable: boolean;
}

/** Tables that are not there are absent from the result. */
export async function readTargetTables(
  session: Session,
  names: readonly TableName[],
): Promise<Map<TableName, TargetTable>> {
  const rows = await session.query<{ tables: TargetTable[] }>({
    text: sqlFile('queries/target-tables.sql'),
    values: [names],
  });
  return new Map((rows[0]?.tables ?? []).map((table) => [table.name, table]));
}

/** Those whose file holds nothing at all, told from the names given. */
export async function readEmptyTables(session: Session, names: readonly TableName[]): Promise<ReadonlySet<TableName>> {
  const rows = await session.query<{ name: TableName }>(
    sql(
      `select w.name from unnest($1::text[], $2::text[]) w(name, quoted)
        where pg_catalog.pg_relation_size(w.quoted::regclass) = 0`,
      names,
      names.map(quoteName),
    ),
  );
  return new Set(rows.map(({ name }) => name));
}
