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

/** Whether the table holds all rows of the queues that are merged into this one here, and none that they will bring again. */
export async function isMergeComplete(session: Session, combined: QueueName, table: TableName): Promise<boolean> {
  const [row] = await session.query<{ complete: boolean }>(
    sql(
      `select coalesce(bool_and(t.merge_state is not distinct from 'ok' and t.custom_snapshot is null), true) as complete
        from pgq_node.node_info part
        join londiste.table_info t on t.queue_name = part.queue_name
        where part.combined_queue = $1 and t.table_name = $2 and t.local`,
      combined,
      table,
    ),
  );
  return row?.complete ?? true;
}
