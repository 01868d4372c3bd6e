import type { Session } from '../db/session.ts';
import { sql } from '../db/statement.ts';
import { type QueueName, type SequenceName, sequenceName, type TableName, tableName } from '../model/names.ts';
import type { ForeignKey } from '../model/step.ts';
import type { TableSpec } from '../model/table.ts';
import { encodeTable } from '../model/table-codec.ts';
import type { NodeRole } from '../model/topology.ts';
import { callForReply, type Reply } from './reply.ts';

export function globalAddTable(session: Session, queue: QueueName, table: TableName): Promise<Reply> {
  return callForReply(session, sql('select ret_code, ret_note from londiste.global_add_table($1, $2)', queue, table));
}

export function localAddTable(
  session: Session,
  queue: QueueName,
  table: TableSpec,
  triggerArgs: readonly string[],
): Promise<Reply> {
  const stored = encodeTable(table);
  return callForReply(
    session,
    sql(
      'select ret_code, ret_note from londiste.local_add_table($1, $2, $3::text[], $4, $5)',
      queue,
      table.name,
      triggerArgs,
      stored.attrs,
      stored.destination,
    ),
  );
}

export function localRemoveTable(session: Session, queue: QueueName, table: TableName): Promise<Reply> {
  return callForReply(session, sql('select ret_code, ret_note from londiste.local_remove_table($1, $2)', queue, table));
}

/** Drops the queue's triggers on the table and makes them anew. */
export function createTrigger(
  session: Session,
  queue: QueueName,
  table: TableSpec,
  triggerArgs: readonly string[],
  role: NodeRole,
): Promise<Reply> {
  return callForReply(
    session,
    sql(
      'select ret_code, ret_note from londiste.create_trigger($1, $2, $3::text[], $4, $5)',
      queue,
      table.name,
      triggerArgs,
      table.destination,
      role,
    ),
  );
}

/** Only what is stored of it: rows, triggers and the state of its copy stay. With `prune`, see {@link encodeTable}. */
export function setTableAttrs(session: Session, queue: QueueName, table: TableSpec, prune: boolean): Promise<Reply> {
  return callForReply(
    session,
    sql(
      'select ret_code, ret_note from londiste.local_set_table_attrs($1, $2, $3)',
      queue,
      table.name,
      encodeTable(table, prune).attrs,
    ),
  );
}

export interface TableEntry {
  readonly name: TableName;
  readonly local: boolean;
}

export async function getTableList(session: Session, queue: QueueName): Promise<readonly TableEntry[]> {
  const rows = await session.query<{ table_name: string; local: boolean }>(
    sql('select table_name, local from londiste.get_table_list($1)', queue),
  );
  return rows.map((row) => ({ name: tableName(row.table_name), local: row.local }));
}

export interface SequenceEntry {
  readonly name: SequenceName;
  readonly lastValue: bigint;
  readonly local: boolean;
}

export async function getSeqList(session: Session, queue: QueueName): Promise<readonly SequenceEntry[]> {
  const rows = await session.query<{ seq_name: string; last_value: bigint; local: boolean }>(
    sql('select seq_name, last_value, local from londiste.get_seq_list($1)', queue),
  );
  return rows.map((row) => ({ name: sequenceName(row.seq_name), lastValue: row.last_value, local: row.local }));
}

export function localAddSeq(session: Session, queue: QueueName, sequence: SequenceName): Promise<Reply> {
  return callForReply(session, sql('select ret_code, ret_note from londiste.local_add_seq($1, $2)', queue, sequence));
}

export function localRemoveSeq(session: Session, queue: QueueName, sequence: SequenceName): Promise<Reply> {
  return callForReply(
    session,
    sql('select ret_code, ret_note from londiste.local_remove_seq($1, $2)', queue, sequence),
  );
}

export function globalUpdateSeq(
  session: Session,
  queue: QueueName,
  sequence: SequenceName,
  value: bigint,
): Promise<Reply> {
  return callForReply(
    session,
    sql('select ret_code, ret_note from londiste.global_update_seq($1, $2, $3)', queue, sequence, value),
  );
}

/** A foreign key that comes once both its tables are in sync, as one that was taken down for their copies. */
export async function keepForeignKey(session: Session, key: ForeignKey): Promise<void> {
  await session.query(
    sql(
      `insert into londiste.pending_fkeys (from_table, to_table, fkey_name, fkey_def) values ($1, $2, $3, $4)
       on conflict (from_table, fkey_name) do update set to_table = excluded.to_table, fkey_def = excluded.fkey_def`,
      key.table,
      key.references,
      key.name,
      key.sql,
    ),
  );
}
