import type { Session } from '../db/session.ts';
import { sql } from '../db/statement.ts';
import type { QueueName, TableName } from '../model/names.ts';

/** One table of a database into which several queues are merged, as the others of them have it. */
export interface MergedElsewhere {
  /** One of the other queues has put its rows in already. */
  readonly hasRows: boolean;
  /** Londiste has taken keys and indexes down for its own copy, and will put them back. */
  readonly takenDown: boolean;
}

export async function readMergedElsewhere(
  session: Session,
  queue: QueueName,
  destination: TableName,
): Promise<MergedElsewhere> {
  const [row] = await session.query<{ rows: boolean | null; down: boolean | null }>(
    sql(
      `select bool_or(t.merge_state is not null and t.merge_state <> 'in-copy') as rows,
          bool_or(t.dropped_ddl is not null) as down
        from pgq_node.node_info own
        join pgq_node.node_info other on other.combined_queue = own.combined_queue and other.queue_name <> own.queue_name
        join londiste.table_info t on t.queue_name = other.queue_name
        where own.queue_name = $1 and t.local and coalesce(t.dest_table, t.table_name) = $2`,
      queue,
      destination,
    ),
  );
  return { hasRows: row?.rows ?? false, takenDown: row?.down ?? false };
}

/** One copy at a time may be the one that empties the table. */
export async function tryLockMergedTable(session: Session, destination: TableName): Promise<boolean> {
  const [row] = await session.query<{ locked: boolean }>(
    sql(
      `select pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended($1, ${mergedTableSeed})) as locked`,
      destination,
    ),
  );
  return row?.locked ?? false;
}

export async function unlockMergedTable(session: Session, destination: TableName): Promise<void> {
  await session.query(
    sql(`select pg_catalog.pg_advisory_unlock(pg_catalog.hashtextextended($1, ${mergedTableSeed}))`, destination),
  );
}

const mergedTableSeed = 7_201_962;

/** Tables that do not hold all rows of the queues that are merged into this one here yet, or will be brought some again. */
export async function incompleteMerges(
  session: Session,
  combined: QueueName,
  tables: readonly TableName[],
): Promise<ReadonlySet<TableName>> {
  const rows = await session.query<{ name: TableName }>(
    sql(
      `select distinct t.table_name as name
        from pgq_node.node_info part
        join londiste.table_info t on t.queue_name = part.queue_name
        where part.combined_queue = $1 and t.table_name = any ($2::text[]) and t.local
          and (t.merge_state is distinct from 'ok' or t.custom_snapshot is not null)`,
      combined,
      tables,
    ),
  );
  return new Set(rows.map(({ name }) => name));
}
