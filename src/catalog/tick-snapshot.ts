import type { Session } from '../db/session.ts';
import { quoteLiteral, quoteName, sql } from '../db/statement.ts';
import { type QueueName, tableName } from '../model/names.ts';

/** The packaged extension's ticker does not look for a tick that came after the transaction's snapshot; ours does. */
export async function queueIsExtension(session: Session): Promise<boolean> {
  const rows = await session.query(sql(`select from pg_catalog.pg_extension where extname = 'pgq'`));
  return rows.length > 0;
}

/** A branch's queue gets its provider's ticks, each with the rows that lie before it. */
export async function ticksWithProvider(session: Session, queue: QueueName): Promise<boolean> {
  const rows = await session.query(sql('select from pgq.queue where queue_name = $1 and queue_external_ticker', queue));
  return rows.length > 0;
}

/** Nobody else ticks until the transaction ends. Taken before the first query, so before the snapshot. */
export async function lockTicks(session: Session): Promise<void> {
  await session.script('lock table pgq.tick in share row exclusive mode');
}

/** Makes other sessions able to read what this transaction sees. */
export async function exportSnapshot(session: Session): Promise<string> {
  const [row] = await session.query<{ id: string }>(sql('select pg_catalog.pg_export_snapshot() as id'));
  if (row === undefined) throw new Error('pg_export_snapshot gave no row');
  return row.id;
}

/** As the first statement of a transaction that may not write. */
export async function importSnapshot(session: Session, id: string): Promise<void> {
  await session.script(`set transaction snapshot ${quoteLiteral(id)}`);
}

/** Which transactions are seen, in the form in which a tick holds it. */
export async function currentSnapshot(session: Session): Promise<string> {
  const [row] = await session.query<{ snapshot: string }>(
    sql('select pg_catalog.txid_current_snapshot()::text as snapshot'),
  );
  return row?.snapshot ?? '';
}

/** What the tick saw; undefined where the queue does not have it. */
export async function snapshotOfTick(session: Session, queue: QueueName, tick: bigint): Promise<string | undefined> {
  const [row] = await session.query<{ snapshot: string }>(
    sql(
      `select t.tick_snapshot::text as snapshot
        from pgq.tick t join pgq.queue q on q.queue_id = t.tick_queue
        where q.queue_name = $1 and t.tick_id = $2`,
      queue,
      tick,
    ),
  );
  return row?.snapshot;
}

/** Whether the transaction sees events that are not before the tick. Undefined where the tick is not there any more. */
export async function hasEventsAfter(session: Session, queue: QueueName, tick: bigint): Promise<boolean | undefined> {
  const snapshot = await snapshotOfTick(session, queue, tick);
  const [row] = await session.query<{ events: string }>(
    sql('select queue_data_pfx as events from pgq.queue where queue_name = $1', queue),
  );
  if (snapshot === undefined || row === undefined) return undefined;
  const found = await session.query(
    sql(
      `select from ${quoteName(tableName(row.events))} e
        where e.ev_txid >= pg_catalog.txid_snapshot_xmin($1::pg_catalog.txid_snapshot)
          and not pg_catalog.txid_visible_in_snapshot(e.ev_txid, $1::pg_catalog.txid_snapshot)
        limit 1`,
      snapshot,
    ),
  );
  return found.length > 0;
}
