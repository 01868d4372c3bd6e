import type { Session } from '../db/session.ts';
import { prepared, sql } from '../db/statement.ts';
import { transaction } from '../db/transaction.ts';
import type { QueueRow } from '../model/event.ts';
import type { DatabaseName, NodeName, QueueName, TableName } from '../model/names.ts';
import type { SkippedEvent, WaitingEvent } from '../model/skip.ts';
import type { Batch } from './pgq.ts';

/** Events in batches that begin at this tick or later which the node is to leave out. */
export async function readSkippedIds(
  session: Session,
  queue: QueueName,
  node: NodeName,
  fromTick: bigint,
): Promise<ReadonlySet<number>> {
  const rows = await session.query<{ id: bigint }>(
    prepared(
      'skipped_ids',
      'select k.event_id as id from trunkline.skipped_event k where k.queue_name = $1 and k.node_name = $2 and k.tick_id > $3',
      queue,
      node,
      fromTick,
    ),
  );
  return new Set(rows.map(({ id }) => Number(id)));
}

/** What an open batch holds, of one table or of all, at most `most` of it. */
export async function readWaitingEvents(
  provider: Session,
  { events }: Batch,
  table: TableName | undefined,
  most: number,
): Promise<readonly WaitingEvent[]> {
  const rows = await provider.query<{ id: bigint; type: string | null; extra1: string | null; time: string }>(
    sql(
      `select e.ev_id as id, e.ev_type as type, e.ev_extra1 as extra1, e.ev_time as time
        from (${events}) e where $1::text is null or e.ev_extra1 = $1 order by e.ev_id limit $2`,
      table ?? null,
      most,
    ),
  );
  return rows.map(({ id, type, extra1, time }) => ({ id, type: type ?? '', extra1: extra1 ?? undefined, time }));
}

export interface SkipRecord {
  readonly queue: QueueName;
  readonly node: NodeName;
  readonly consumer: string;
  readonly client: string;
  readonly reason: string;
  readonly error: string | null;
}

/** Rows may be large: so many travel at a time. */
const together = 100;

/** Keeps the events on the subscriber, which from then on leaves them out; all of them or none. */
export async function recordSkipped(
  provider: Session,
  subscriber: Session,
  batch: Batch,
  ids: readonly bigint[],
  record: SkipRecord,
): Promise<void> {
  await transaction(subscriber, async () => {
    for (let at = 0; at < ids.length; at += together) {
      const [row] = await provider.query<{ events: string }>(
        sql(
          `select coalesce(json_agg(e), '[]')::text as events from (${batch.events}) e where e.ev_id = any ($1::bigint[])`,
          ids.slice(at, at + together).map(String),
        ),
      );
      await subscriber.query(
        sql(
          `insert into trunkline.skipped_event (queue_name, node_name, event_id, tick_id, consumer_name, event_time, event_txid,
              event_type, event_data, event_extra1, event_extra2, event_extra3, event_extra4, skipped_by, client, reason, error)
            select $1, $2, e.ev_id, $3, $4, e.ev_time, e.ev_txid, e.ev_type, e.ev_data, e.ev_extra1, e.ev_extra2, e.ev_extra3,
              e.ev_extra4, session_user, $5, $6, $7
            from pg_catalog.json_to_recordset($8::json) as e(ev_id bigint, ev_time timestamptz, ev_txid bigint, ev_type text,
              ev_data text, ev_extra1 text, ev_extra2 text, ev_extra3 text, ev_extra4 text)
            on conflict on constraint skipped_event_pkey do nothing`,
          record.queue,
          record.node,
          batch.toTick,
          record.consumer,
          record.client,
          record.reason,
          record.error,
          row?.events ?? '[]',
        ),
      );
    }
  });
}

/** The same for one that the caller's transaction passes over by policy. */
export async function recordForeign(
  subscriber: Session,
  event: QueueRow,
  record: SkipRecord,
  tick: bigint,
): Promise<void> {
  await subscriber.query(
    sql(
      `insert into trunkline.skipped_event (queue_name, node_name, event_id, tick_id, consumer_name, event_time, event_txid,
          event_type, event_data, event_extra1, event_extra2, event_extra3, event_extra4, skipped_by, client, reason, error)
        values ($1, $2, $3, $4, $5, coalesce($6::timestamptz, now()), $7, $8, $9, $10, $11, $12, $13, session_user, $14, $15, $16)
        on conflict on constraint skipped_event_pkey do nothing`,
      record.queue,
      record.node,
      event.id,
      tick,
      record.consumer,
      event.time ?? null,
      event.txid,
      event.type,
      event.data,
      event.extra1,
      event.extra2,
      event.extra3,
      event.extra4 ?? null,
      record.client,
      record.reason,
      record.error,
    ),
  );
}

/** The newest first. Empty where schema trunkline is not there. */
export async function readSkippedEvents(
  session: Session,
  database: DatabaseName,
  queues: readonly QueueName[],
  limit: number,
): Promise<readonly SkippedEvent[]> {
  const [there] = await session.query<{ found: boolean }>(
    sql("select to_regclass('trunkline.skipped_event') is not null as found"),
  );
  if (there?.found !== true) return [];
  return session.query<SkippedEvent>(
    sql(
      `select $3::text as database, k.queue_name as queue, k.node_name as node, k.event_id::text as id, k.tick_id::text as tick,
          k.consumer_name as consumer, to_char(k.event_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as time,
          k.event_txid::text as txid, k.event_type as type, k.event_data as data, k.event_extra1 as extra1,
          k.event_extra2 as extra2, k.event_extra3 as extra3, k.event_extra4 as extra4,
          to_char(k.skipped_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "skippedAt",
          k.skipped_by as "skippedBy", k.client, k.reason, k.error
        from trunkline.skipped_event k where k.queue_name = any ($1::text[])
        order by k.skipped_at desc, k.event_id desc limit $2`,
      queues,
      limit,
      database,
    ),
  );
}
