import type { Session } from '../db/session.ts';
import { prepared, sql } from '../db/statement.ts';
import type { Cut } from '../model/cut.ts';
import type { QueueName, TableName } from '../model/names.ts';

/** What lies between two ticks, open for one consumer. */
export interface Batch {
  readonly id: bigint;
  readonly fromTick: bigint;
  readonly toTick: bigint;
  /** Snapshot of `fromTick`, as `xmin:xmax:xip`. */
  readonly fromSnapshot: string;
  /** When `toTick` was made, and the provider's event counter then. */
  readonly toTime: string;
  readonly toEventSeq: bigint;
  /** Ticks after the batch's end when it was opened, and the events up to the newest of them by the provider's counter. */
  readonly ticksBehind: number;
  readonly eventsBehind: number;
  /** The query that gives its events. */
  readonly events: string;
  /** Snapshots of ticks between the two, where a large batch can be split; in order. */
  readonly cuts: readonly string[];
  /** What waits after it; undefined where the batch is of one tick. */
  readonly ahead: Ahead | undefined;
}

/** Events behind an open batch, which may be read before a batch of them is open. */
export interface Ahead {
  /** The batch's end, and ticks after it, each some way behind the one before. */
  readonly cuts: readonly Cut[];
  /** The event counter of the newest tick. */
  readonly newestSeq: number;
  /** The query that gives all that the queue has for this consumer. */
  readonly events: string;
}

interface BatchRow {
  readonly batch_id: bigint;
  readonly prev_tick_id: bigint;
  readonly cur_tick_id: bigint;
  readonly cur_tick_time: string;
  readonly cur_tick_event_seq: bigint;
  readonly from_snapshot: string;
  readonly ticks_behind: bigint;
  readonly events_behind: bigint;
  readonly events: string;
  readonly cuts: readonly string[] | null;
  readonly ahead: Ahead | null;
}

/** Events between two cuts, so that a provider with the default work_mem sorts them in memory. */
const sliceEvents = 10_000;

/** So many events ahead are foreseen at a time. */
const aheadEvents = 2_000_000;

const aheadOfBatch = `json_build_object(
      'newestSeq', n.tick_event_seq,
      'events', (
        select format('select * from (%s) a where a.ev_owner is null or a.ev_owner = %s',
          string_agg('select * from ' || pgq.quote_fqname(q.queue_data_pfx || '_' || i), ' union all '), s.sub_id)
        from pgq.subscription s
        join pgq.consumer c on c.co_id = s.sub_consumer and c.co_name = $2, generate_series(0, q.queue_ntables - 1) i
        where s.sub_queue = q.queue_id group by s.sub_id),
      'cuts', (
        select json_agg(json_build_object('tick', c.tick_id, 'seq', c.tick_event_seq, 'snapshot', c.snapshot) order by c.tick_id)
        from (
          select distinct on (t.tick_id = b.cur_tick_id, t.tick_event_seq / ${sliceEvents}) t.tick_id, t.tick_event_seq, t.tick_snapshot::text as snapshot
          from pgq.tick t
          where t.tick_queue = q.queue_id and t.tick_id >= b.cur_tick_id and t.tick_event_seq < b.cur_tick_event_seq + ${aheadEvents}
          order by t.tick_id = b.cur_tick_id, t.tick_event_seq / ${sliceEvents}, t.tick_id) c))`;

/** `call` opens the batch of the queue `$1`. */
function selectBatch(call: string, ahead = 'null::json'): string {
  return `select b.batch_id, b.prev_tick_id, b.cur_tick_id, b.cur_tick_time, b.cur_tick_event_seq,
      (select t.tick_snapshot::text from pgq.tick t where t.tick_queue = q.queue_id and t.tick_id = b.prev_tick_id) as from_snapshot,
      n.tick_id - b.cur_tick_id as ticks_behind, n.tick_event_seq - b.cur_tick_event_seq as events_behind,
      pgq.batch_event_sql(b.batch_id) as events,
      case when b.cur_tick_event_seq - b.prev_tick_event_seq > ${2 * sliceEvents} then array(
        select c.snapshot from (
          select distinct on (t.tick_event_seq / ${sliceEvents}) t.tick_id, t.tick_snapshot::text as snapshot
          from pgq.tick t
          where t.tick_queue = q.queue_id and t.tick_id > b.prev_tick_id and t.tick_id < b.cur_tick_id
          order by t.tick_event_seq / ${sliceEvents}, t.tick_id) c
        order by c.tick_id) end as cuts,
      ${ahead} as ahead
    from ${call} b, pgq.queue q, lateral (
      select t.tick_id, t.tick_event_seq from pgq.tick t where t.tick_queue = q.queue_id
      order by t.tick_queue desc, t.tick_id desc limit 1) n
    where b.batch_id is not null and q.queue_name = $1`;
}

function batchOf(row: BatchRow | undefined): Batch | undefined {
  if (row === undefined) return undefined;
  return {
    id: row.batch_id,
    fromTick: row.prev_tick_id,
    toTick: row.cur_tick_id,
    fromSnapshot: row.from_snapshot,
    toTime: row.cur_tick_time,
    toEventSeq: row.cur_tick_event_seq,
    ticksBehind: Number(row.ticks_behind),
    eventsBehind: Number(row.events_behind),
    events: row.events,
    cuts: row.cuts ?? [],
    ahead: row.ahead ?? undefined,
  };
}

const openOne = selectBatch(
  `set_config('synchronous_commit', 'off', true) c, pgq.next_batch_custom($1, $2, null, null, null)`,
);
const openLarge = selectBatch('pgq.next_batch_custom($1, $2, null, $3, null)', aheadOfBatch);

/**
 * Opens the next batch, or gives the open one again. `minEvents` asks for one that spans many ticks and holds at least
 * that many events, by the provider's counter. Undefined while there is none.
 *
 * Nobody waits for the disk where it is of one tick: if the provider crashes and forgets it, it opens the same one anew.
 * A larger one might end elsewhere then, though the subscriber has applied it.
 */
export async function nextBatch(
  session: Session,
  queue: QueueName,
  consumer: string,
  minEvents: number | undefined,
): Promise<Batch | undefined> {
  const [row] =
    minEvents === undefined
      ? await session.query<BatchRow>(prepared('next_batch', openOne, queue, consumer))
      : await session.query<BatchRow>(prepared('next_large_batch', openLarge, queue, consumer, minEvents));
  return batchOf(row);
}

/**
 * Finishes one and opens the next, of one tick or as `nextBatch` does: one transaction of the provider instead of two.
 * Undefined where there is none.
 */
export async function finishAndOpen(
  session: Session,
  queue: QueueName,
  consumer: string,
  { id }: Pick<Batch, 'id'>,
  minEvents?: number,
): Promise<Batch | undefined> {
  const values = [queue, consumer, id, minEvents ?? null];
  const [row] = await session.query<BatchRow>(prepared('finish_and_open', finishThenOpen, ...values));
  return batchOf(row);
}

// The number goes by the answer, so that the one comes after the other.
const finishThenOpen = selectBatch(
  'pgq.finish_batch($3) f(done), lateral pgq.next_batch_custom($1, $2, null, coalesce(nullif(f.done, f.done), $4::int), null)',
);

/** What tells a tick from another one of the same number. */
export function markOf({ toTime, toEventSeq }: Pick<Batch, 'toTime' | 'toEventSeq'>): string {
  return `${toTime} ${toEventSeq}`;
}

export interface QueueFooting {
  readonly newestTick: bigint;
  /** Of the tick that was asked for; undefined where the queue does not have it. */
  readonly mark: string | undefined;
  /** The queue has seen transactions that the server has not: it came here from another server. */
  readonly counterBehind: boolean;
  /** Another one each time that the consumer is registered anew. */
  readonly subscription: number | undefined;
  /** That the consumer has finished last. */
  readonly finishedTick: bigint | undefined;
}

/** What a subscriber stands on; undefined where there is no such queue. */
export async function readFooting(
  session: Session,
  queue: QueueName,
  consumer: string,
  tick: bigint,
): Promise<QueueFooting | undefined> {
  const [row] = await session.query<{
    newest: bigint;
    time: string | null;
    seq: bigint | null;
    counter_behind: boolean;
    subscription: number | null;
    finished: bigint | null;
  }>(
    sql(
      `select n.tick_id as newest, t.tick_time as time, t.tick_event_seq as seq,
          pg_catalog.txid_snapshot_xmax(n.tick_snapshot)
            > pg_catalog.txid_snapshot_xmax(pg_catalog.txid_current_snapshot()) as counter_behind,
          s.sub_id as subscription, s.sub_last_tick as finished
        from pgq.queue q
        left join (pgq.subscription s join pgq.consumer c on c.co_id = s.sub_consumer and c.co_name = $3)
          on s.sub_queue = q.queue_id
        join lateral (
          select k.tick_id, k.tick_snapshot from pgq.tick k where k.tick_queue = q.queue_id
          order by k.tick_queue desc, k.tick_id desc limit 1) n on true
        left join pgq.tick t on t.tick_queue = q.queue_id and t.tick_id = $2
        where q.queue_name = $1`,
      queue,
      tick,
      consumer,
    ),
  );
  if (row === undefined) return undefined;
  const { newest: newestTick, time, seq, counter_behind: counterBehind } = row;
  const mark = time === null || seq === null ? undefined : markOf({ toTime: time, toEventSeq: seq });
  return {
    newestTick,
    mark,
    counterBehind,
    subscription: row.subscription ?? undefined,
    finishedTick: row.finished ?? undefined,
  };
}

/** Whether the queue has ticks after it. */
export async function finishBatch(
  session: Session,
  queue: QueueName,
  batch: Pick<Batch, 'id' | 'toTick'>,
): Promise<boolean> {
  const [row] = await session.query<{ more: boolean }>(
    prepared(
      'finish_batch',
      `select pgq.finish_batch($1), exists (select from pgq.tick t join pgq.queue q on q.queue_id = t.tick_queue
        where q.queue_name = $2 and t.tick_id > $3) as more`,
      batch.id,
      queue,
      batch.toTick,
    ),
  );
  return row?.more === true;
}

/** One of several batches that span the same ticks for different consumers. */
export type OpenBatch = Pick<Batch, 'id' | 'fromTick' | 'toTick'>;

/** For consumers that stand at the same tick. In a transaction with one snapshot all of them get the same ticks. */
export async function openBatches(
  session: Session,
  queue: QueueName,
  consumers: readonly string[],
  minEvents: number | undefined,
): Promise<readonly OpenBatch[]> {
  const rows = await session.query<{ id: bigint; from_tick: bigint; to_tick: bigint }>(
    sql(
      `select b.batch_id as id, b.prev_tick_id as from_tick, b.cur_tick_id as to_tick
        from unnest($2::text[]) w(consumer), lateral pgq.next_batch_custom($1, w.consumer, null, $3, null) b
        where b.batch_id is not null`,
      queue,
      consumers,
      minEvents ?? null,
    ),
  );
  return rows.map(({ id, from_tick: fromTick, to_tick: toTick }) => ({ id, fromTick, toTick }));
}

export async function finishBatches(session: Session, batches: readonly OpenBatch[]): Promise<void> {
  if (batches.length === 0) return;
  await session.query(
    sql(
      'select pgq.finish_batch(b) from unnest($1::int8[]) b',
      batches.map(({ id }) => id),
    ),
  );
}

/** Registers at the newest tick, all at the same one; gives it. */
export async function registerConsumers(
  session: Session,
  queue: QueueName,
  consumers: readonly string[],
): Promise<bigint> {
  const [row] = await session.query<{ tick: bigint | null }>(
    sql(
      `select t.tick, pgq.register_consumer_at($1, w.consumer, t.tick)
        from (select max(k.tick_id) as tick from pgq.tick k join pgq.queue q on q.queue_id = k.tick_queue
          where q.queue_name = $1) t, unnest($2::text[]) w(consumer)`,
      queue,
      consumers,
    ),
  );
  return row?.tick ?? 0n;
}

/** Registers at a tick that the queue has, or moves there; a batch that was open is open no more. */
export async function registerConsumerAt(
  session: Session,
  queue: QueueName,
  consumer: string,
  tick: bigint,
): Promise<void> {
  await session.query(sql('select pgq.register_consumer_at($1, $2, $3)', queue, consumer, tick));
}

/** Everybody who reads the queue here. */
export async function readSubscribers(session: Session, queue: QueueName): Promise<readonly string[]> {
  const rows = await session.query<{ name: string }>(
    sql(
      `select c.co_name as name
        from pgq.queue q
        join pgq.subscription s on s.sub_queue = q.queue_id
        join pgq.consumer c on c.co_id = s.sub_consumer
        where q.queue_name = $1`,
      queue,
    ),
  );
  return rows.map(({ name }) => name);
}

/** Nothing happens where one is not registered. */
export async function unregisterConsumers(
  session: Session,
  queue: QueueName,
  consumers: readonly string[],
): Promise<void> {
  await session.query(
    sql('select pgq.unregister_consumer($1, w.consumer) from unnest($2::text[]) w(consumer)', queue, consumers),
  );
}

/** What a ticker finds of a queue. */
export interface TickerLook {
  /** What the node of the queue is here; undefined where there is none. */
  readonly type: 'root' | 'branch' | 'leaf' | undefined;
  /** The number of the newest event; undefined where the ticker is paused, and on a branch, whose ticks are its provider's. */
  readonly newestEvent: bigint | undefined;
  /** That was made just now. */
  readonly tick: bigint | undefined;
  readonly newestTick: bigint | undefined;
}

/**
 * One tick if the queue's settings say that one is due. Where `hold` is set, a tick that only time makes due waits for the
 * slowest consumer to have read the last one; watermarks read nothing. Whoever listens is told of the newest tick if that is
 * not `told`, whoever has made it. Undefined where there is no such queue.
 */
export async function tickAndNotify(
  session: Session,
  queue: QueueName,
  { hold, told }: { readonly hold: boolean; readonly told: bigint | undefined },
): Promise<TickerLook | undefined> {
  const [row] = await session.query<{
    type: 'root' | 'branch' | 'leaf' | null;
    newest_event: bigint | null;
    tick: bigint | null;
    newest_tick: bigint | null;
  }>(
    prepared(
      'tick',
      `select t.*,
          case when t.newest_tick <> coalesce($4, 0) then pg_catalog.pg_notify($2, $1 || ' ' || t.newest_tick)::text end as told
        from (select i.node_type as type, n.event as newest_event, m.tick, coalesce(m.tick, l.tick_id) as newest_tick
          from pgq.queue q
          left join pgq_node.node_info i on i.queue_name = q.queue_name
          left join lateral (
            select t.tick_id, t.tick_event_seq from pgq.tick t where t.tick_queue = q.queue_id
            order by t.tick_queue desc, t.tick_id desc limit 1) l on true
          left join lateral (
            select pgq.seq_getval(q.queue_event_seq) as event
            where not q.queue_external_ticker and not q.queue_ticker_paused offset 0) n on true
          left join lateral (
            select pgq.ticker(q.queue_name) as tick
            where n.event is not null and (not $3
              or n.event - l.tick_event_seq >= q.queue_ticker_max_count
              or not exists (
                select from pgq.subscription s join pgq.consumer c on c.co_id = s.sub_consumer
                where s.sub_queue = q.queue_id and s.sub_last_tick < l.tick_id
                  and c.co_name not like '.%' and c.co_name not like '%.gravestone')) offset 0) m on true
          where q.queue_name = $1 offset 0) t`,
      queue,
      tickChannel,
      hold,
      told ?? null,
    ),
  );
  if (row === undefined) return undefined;
  return {
    type: row.type ?? undefined,
    newestEvent: row.newest_event ?? undefined,
    tick: row.tick ?? undefined,
    newestTick: row.newest_tick ?? undefined,
  };
}

/** Ticks are told here as `QUEUE TICK`. */
export const tickChannel = 'trunkline_tick';

/** Undefined where another queue's was told, or something that is no tick. */
export function toldTick(payload: string, queue: QueueName): bigint | undefined {
  const tick = payload.startsWith(`${queue} `) ? payload.slice(queue.length + 1) : '';
  return /^\d{1,18}$/.test(tick) ? BigInt(tick) : undefined;
}

async function newestTick(session: Session, queue: QueueName): Promise<bigint | undefined> {
  const [row] = await session.query<{ tick: bigint | null }>(
    sql(
      'select max(t.tick_id) as tick from pgq.tick t join pgq.queue q on q.queue_id = t.tick_queue where q.queue_name = $1',
      queue,
    ),
  );
  return row?.tick ?? undefined;
}

/**
 * A tick after everything that is committed now, told by its id. Must stand outside any transaction. A queue whose
 * ticker is paused gives its newest one, and so does a branch's, which ticks with its provider.
 */
export async function tickNow(session: Session, queue: QueueName): Promise<bigint | undefined> {
  const [info] = await session.query<{
    queue_ticker_paused: boolean;
    queue_external_ticker: boolean;
    last_tick_id: bigint;
  }>(sql('select queue_ticker_paused, queue_external_ticker, last_tick_id from pgq.get_queue_info($1)', queue));
  if (info === undefined || info.queue_ticker_paused || info.queue_external_ticker) return info?.last_tick_id;
  // Where another ticker came first, its tick is as good.
  return (await makeTick(session, queue)) ?? (await newestTick(session, queue));
}

/** A tick with the snapshot of the transaction, whether one is due or not. Undefined where the ticker made none. */
export async function makeTick(session: Session, queue: QueueName): Promise<bigint | undefined> {
  await askForTick(session, queue);
  const [row] = await session.query<{ tick: bigint | null }>(sql('select pgq.ticker($1) as tick', queue));
  return row?.tick ?? undefined;
}

/** The queue's own ticker makes its next tick soon, whether events wait or not. A branch's queue, which has none, stays as it is. */
export async function askForTick(session: Session, queue: QueueName): Promise<void> {
  await session.query(sql('select pgq.force_tick($1)', queue));
}

export interface MaintenanceTask {
  readonly func_name: string;
  readonly func_arg: string | null;
}

export function maintenanceTasks(session: Session): Promise<MaintenanceTask[]> {
  return session.query<MaintenanceTask>(sql('select func_name, func_arg from pgq.maint_operations()'));
}

/** Puts due retry events back; the number of them. */
export async function maintainRetryEvents(session: Session): Promise<number> {
  const [row] = await session.query<{ count: number }>(sql('select pgq.maint_retry_events() as count'));
  return Number(row?.count ?? 0);
}

/** Sizes in rows of a provider's tables by its statistics; one that has never been analyzed is left out. */
export async function estimateRows(
  session: Session,
  tables: readonly TableName[],
): Promise<ReadonlyMap<TableName, number>> {
  const rows = await session.query<{ name: TableName; rows: number }>(
    sql(
      `select w.name, c.reltuples::float8 as rows
        from unnest($1::text[]) w(name)
        join (pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace)
          on n.nspname || '.' || c.relname = w.name
        where c.reltuples > 0`,
      tables,
    ),
  );
  return new Map(rows.map((row) => [row.name, row.rows]));
}

/** Bytes of those of a provider's tables that are plain ones there. Waits for whoever has one of them locked. */
export async function measureTables(
  session: Session,
  queue: QueueName,
  tables: readonly TableName[],
): Promise<ReadonlyMap<TableName, number>> {
  const rows = await session.query<{ name: TableName; bytes: number }>(
    sql(
      `select w.name, pg_catalog.pg_table_size(c.oid)::float8 as bytes
        from unnest($2::text[]) w(name)
        left join londiste.table_info t on t.queue_name = $1 and t.table_name = w.name and t.local
        join (pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace)
          on n.nspname || '.' || c.relname = coalesce(t.dest_table, w.name)
        where c.relkind = 'r'`,
      queue,
      tables,
    ),
  );
  return new Map(rows.map((row) => [row.name, row.bytes]));
}
