import type { Session } from '../db/session.ts';
import { quoteIdent, quoteName, sql } from '../db/statement.ts';
import { type QueueName, splitName, type TableName } from '../model/names.ts';

/** One table of one queue, as the catalog of one node has it. */
interface Renaming {
  readonly queue: QueueName;
  readonly from: TableName;
  readonly to: TableName;
}

export interface NamedState {
  readonly local: boolean;
  /** Nothing of a first copy is left to be done. */
  readonly settled: boolean;
}

/** By the old name; undefined where the node has done with it. */
export async function readOldName(session: Session, { queue, from }: Renaming): Promise<NamedState | undefined> {
  const [row] = await session.query<NamedState>(
    sql(
      `select local, merge_state is not distinct from 'ok' and dropped_ddl is null as settled
         from londiste.table_info where queue_name = $1 and table_name = $2`,
      queue,
      from,
    ),
  );
  return row;
}

/**
 * Lets the node take changes under both names into `table`, which is undefined where it takes none. There is no first copy,
 * as nothing was written under the new name before.
 */
export async function addNewName(
  session: Session,
  { queue, from, to }: Renaming,
  table: TableName | undefined,
): Promise<void> {
  await session.query(
    sql(
      `insert into londiste.table_info (nr, queue_name, table_name, local, merge_state, table_attrs, dest_table)
       select nr, queue_name, $3, local, merge_state, table_attrs, nullif($4, $3)
         from londiste.table_info where queue_name = $1 and table_name = $2
       on conflict on constraint table_info_pkey do update
          set local = excluded.local, merge_state = excluded.merge_state, table_attrs = excluded.table_attrs,
              dest_table = excluded.dest_table`,
      queue,
      from,
      to,
      table ?? to,
    ),
  );
  if (table !== undefined) await setDestination(session, queue, from, table);
}

/** Changes under either name are taken, or passed over, alike, and nothing of a first copy is left to be done. */
export async function knowsBothNames(session: Session, { queue, from, to }: Renaming): Promise<boolean> {
  const rows = await session.query(
    sql(
      `select from londiste.table_info o
         join londiste.table_info n on n.queue_name = o.queue_name and n.table_name = $3
        where o.queue_name = $1 and o.table_name = $2
          and (o.local, o.merge_state, o.table_attrs) is not distinct from (n.local, n.merge_state, n.table_attrs)
          and (not o.local or o.merge_state = 'ok' and o.dropped_ddl is null
            and coalesce(o.dest_table, o.table_name) = coalesce(n.dest_table, n.table_name))`,
      queue,
      from,
      to,
    ),
  );
  return rows.length > 0;
}

/** Which table of the database the rows of one name are in. */
export async function setDestination(
  session: Session,
  queue: QueueName,
  name: TableName,
  table: TableName,
): Promise<void> {
  await session.query(
    sql(
      'update londiste.table_info set dest_table = nullif($3, $2) where queue_name = $1 and table_name = $2',
      queue,
      name,
      table,
    ),
  );
}

/** The queue's triggers on the table of that name, and what was made for them. */
export async function dropTriggers(session: Session, queue: QueueName, name: TableName): Promise<void> {
  await session.query(sql('select londiste.drop_table_triggers($1, $2)', queue, name));
}

/** The triggers of the table that the old name leads to go with it; so it must not lead to one that others still need. */
export async function forgetOldName(session: Session, { queue, from, to }: Renaming): Promise<void> {
  await session.query(sql('delete from londiste.table_info where queue_name = $1 and table_name = $2', queue, from));
  await session.query(
    sql('delete from trunkline.copy_progress where queue_name = $1 and table_name = $2', queue, from),
  );
  await session.query(
    sql('update trunkline.conflict set table_name = $3 where queue_name = $1 and table_name = $2', queue, from, to),
  );
}

/** Names of foreign keys that are down for a first copy, and whose definitions name the table. */
export async function pendingKeysOf(session: Session, table: TableName): Promise<readonly string[]> {
  const rows = await session.query<{ fkey_name: string }>(
    sql('select fkey_name from londiste.pending_fkeys where $1 in (from_table, to_table) order by 1', table),
  );
  return rows.map(({ fkey_name }) => fkey_name);
}

/** Nobody reads or writes it until the end of the transaction. */
export async function lockTable(session: Session, table: TableName): Promise<void> {
  await session.script(`lock table ${quoteName(table)} in access exclusive mode`);
}

export async function renameTableItself(session: Session, from: TableName, to: TableName): Promise<void> {
  const [old, wanted] = [splitName(from), splitName(to)];
  if (old.name !== wanted.name)
    await session.script(`alter table ${quoteName(from)} rename to ${quoteIdent(wanted.name)}`);
  if (old.schema !== wanted.schema)
    await session.script(
      `alter table ${quoteIdent(old.schema)}.${quoteIdent(wanted.name)} set schema ${quoteIdent(wanted.schema)}`,
    );
}
