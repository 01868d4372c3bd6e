import type { Session } from '../db/session.ts';
import { quoteName, sql } from '../db/statement.ts';
import type { ExecuteFile } from '../model/event.ts';
import { type QueueName, sequenceName, type TableName, tableName } from '../model/names.ts';
import { expectDone } from './reply.ts';
import { isSequenceReplicated } from './table-sync.ts';
import { call } from './worker-state.ts';

/** False where the file has run on this database before. `expectRoot`: the file begins its way here. */
export async function executeStart(
  session: Session,
  queue: QueueName,
  file: ExecuteFile,
  expectRoot: boolean,
): Promise<boolean> {
  const [row] = await session.query<{ ret_code: number; ret_note: string }>(
    sql(
      'select ret_code, ret_note from londiste.execute_start($1, $2, $3, $4, $5)',
      queue,
      file.name,
      file.sql,
      expectRoot,
      file.attributes,
    ),
  );
  const reply = { status: row?.ret_code ?? 500, note: row?.ret_note ?? 'no answer' };
  expectDone(reply, { node: undefined, call: 'londiste.execute_start' });
  return reply.status === 200;
}

/** Londiste forgets what ran after some months; a file must not run again then. */
export async function recordExecuted(session: Session, queue: QueueName, file: ExecuteFile): Promise<void> {
  await session.run(
    sql(
      `insert into trunkline.executed (queue_name, file_name, sha256)
       values ($1, $2, pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to($3, 'UTF8')), 'hex'))
       on conflict on constraint executed_pkey do nothing`,
      queue,
      file.name,
      file.sql,
    ),
  );
}

export function executeFinish(session: Session, queue: QueueName, file: string): Promise<void> {
  return call(session, 'londiste.execute_finish', queue, file);
}

/** The table's name here, quoted; undefined where it is not replicated to this node. */
export async function localDestination(session: Session, queue: QueueName, table: string): Promise<string | undefined> {
  const [row] = await session.query<{ destination: TableName }>(
    sql(
      `select coalesce(dest_table, table_name) as destination from londiste.table_info
        where queue_name = $1 and table_name = $2 and local`,
      queue,
      table,
    ),
  );
  return row === undefined ? undefined : quoteName(tableName(row.destination));
}

export async function localSequence(session: Session, queue: QueueName, sequence: string): Promise<string | undefined> {
  return (await isSequenceReplicated(session, queue, sequence)) ? quoteName(sequenceName(sequence)) : undefined;
}

/** `relkinds` as in `pg_class`; the name is `schema.name`, split at the first dot. */
export async function relationExists(session: Session, name: string, relkinds: readonly string[]): Promise<boolean> {
  const rows = await session.query(
    sql(
      `select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname || '.' || c.relname = $1 and c.relkind::text = any ($2::text[])`,
      name,
      relkinds,
    ),
  );
  return rows.length > 0;
}

export async function schemaExists(session: Session, name: string): Promise<boolean> {
  return (await session.query(sql('select from pg_catalog.pg_namespace where nspname = $1', name))).length > 0;
}

/** `schema.name(2)`: any function of that name with so many arguments. */
export async function functionExists(session: Session, signature: string): Promise<boolean> {
  const rows = await session.query(
    sql(
      `select from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
        where n.nspname || '.' || p.proname || '(' || p.pronargs || ')' = $1`,
      signature,
    ),
  );
  return rows.length > 0;
}

/** Whether a node of the queue lives on the database. */
export async function cascadeIsThere(session: Session, queue: QueueName): Promise<boolean> {
  const [there] = await session.query<{ found: boolean }>(
    sql(
      `select pg_catalog.to_regclass('pgq_node.node_info') is not null
          and pg_catalog.to_regclass('londiste.applied_execute') is not null
          and pg_catalog.to_regclass('trunkline.executed') is not null as found`,
    ),
  );
  if (there?.found !== true) return false;
  return (await session.query(sql('select from pgq_node.node_info where queue_name = $1', queue))).length > 0;
}
