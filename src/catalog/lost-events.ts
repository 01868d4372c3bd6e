import type { Session } from '../db/session.ts';
import { quoteLiteral, quoteName, sql } from '../db/statement.ts';
import { type QueueName, tableName } from '../model/names.ts';
import { markOf } from './pgq.ts';

/** A tick of a queue, and what came after it. */
export interface TickStand {
  readonly time: string;
  readonly mark: string;
  /** SQL that gives the events after it. */
  readonly events: string;
}

/**
 * Undefined where the queue does not have the tick. Where it does, it has all events after it: those and their ticks go together,
 * once every consumer has read them.
 */
export async function readTickStand(session: Session, queue: QueueName, tick: bigint): Promise<TickStand | undefined> {
  const [row] = await session.query<{ time: string; seq: bigint; snapshot: string; tables: string }>(
    sql(
      `select t.tick_time as time, t.tick_event_seq as seq, t.tick_snapshot::text as snapshot, q.queue_data_pfx as tables
         from pgq.tick t join pgq.queue q on q.queue_id = t.tick_queue
        where q.queue_name = $1 and t.tick_id = $2`,
      queue,
      tick,
    ),
  );
  if (row === undefined) return undefined;
  const snapshot = `${quoteLiteral(row.snapshot)}::pg_catalog.txid_snapshot`;
  const events = `select * from ${quoteName(tableName(row.tables))}
    where ev_txid >= pg_catalog.txid_snapshot_xmin(${snapshot}) and not pg_catalog.txid_visible_in_snapshot(ev_txid, ${snapshot})`;
  return { time: row.time, mark: markOf({ toTime: row.time, toEventSeq: row.seq }), events };
}
