import type { Session } from '../db/session.ts';
import { prepared, sql } from '../db/statement.ts';
import { type NodeName, nodeName, type QueueName } from '../model/names.ts';
import type { Batch } from './pgq.ts';
import { tickChannel } from './pgq.ts';
import { call } from './worker-state.ts';

/**
 * Keeps a branch's queue a branch's until the transaction ends: `promote_branch` waits for it, as does rotation. Gives the
 * table where events are written in this transaction; undefined where the queue makes its own ticks, or is not here.
 */
export async function enterBranchQueue(session: Session, queue: QueueName): Promise<string | undefined> {
  const [row] = await session.query<{ name: string }>(
    prepared(
      'enter_branch_queue',
      `select pgq.current_event_table($1) as name
        from (select from pgq.queue where queue_name = $1 and queue_external_ticker for share) q`,
      queue,
    ),
  );
  return row?.name;
}

/** Where events are written in this transaction, which must have its number already: rotation goes by numbers. */
export async function currentEventTable(session: Session, queue: QueueName): Promise<string> {
  const [row] = await session.query<{ name: string }>(
    prepared('current_event_table', 'select pgq.current_event_table($1) as name', queue),
  );
  return row?.name ?? '';
}

/**
 * Takes a transaction number and lets it go. From then on the snapshot of an open transaction with a lower number shows
 * that one as ended.
 */
export async function passTransactionNumber(session: Session): Promise<void> {
  await session.query(prepared('pass_number', 'select pg_catalog.txid_current()'));
}

/**
 * The provider's tick as a branch has it, with this database's own snapshot; whoever listens is told of it at commit. False
 * where it may not see what this transaction has written.
 */
export async function keepTick(session: Session, queue: QueueName, batch: Batch): Promise<boolean> {
  // The function takes its snapshot after the one of this statement: what that one sees, the tick sees.
  const [row] = await session.query<{ whole: boolean }>(
    prepared(
      'keep_tick',
      `select pg_catalog.txid_visible_in_snapshot(pg_catalog.txid_current(), pg_catalog.txid_current_snapshot()) as whole,
          pg_catalog.pg_notify($5, $1 || ' ' || $2)
        from pgq.ticker($1, $2::int8, $3::timestamptz, $4)`,
      queue,
      batch.toTick,
      batch.toTime,
      batch.toEventSeq,
      tickChannel,
    ),
  );
  return row?.whole ?? false;
}

export async function hasTick(session: Session, queue: QueueName, tick: bigint): Promise<boolean> {
  const rows = await session.query(
    sql(
      'select from pgq.tick t join pgq.queue q on q.queue_id = t.tick_queue where q.queue_name = $1 and t.tick_id = $2',
      queue,
      tick,
    ),
  );
  return rows.length > 0;
}

/** Tells a combined queue how far one of the queues that go into it has come. */
export async function insertPartitionTick(
  session: Session,
  combined: QueueName,
  part: QueueName,
  tick: bigint,
): Promise<void> {
  await session.query(
    sql(`select pgq.insert_event($1, 'pgq.tick-id', $2::text, $3, null, null, null)`, combined, String(tick), part),
  );
}

/** On a branch of a combined queue: moves the leaf of the part queue that waits for it. Nothing happens elsewhere. */
export function setPartitionWatermark(
  session: Session,
  combined: QueueName,
  part: string,
  tick: bigint,
): Promise<void> {
  return call(session, 'pgq_node.set_partition_watermark', combined, part, tick);
}

export interface Watermarks {
  /** What every reader of this node's queue has finished. */
  readonly local: bigint;
  /** What every node of the cascade has finished, as far as it is known here. */
  readonly global: bigint;
}

/** Undefined on a node without a queue. */
export async function readWatermarks(session: Session, queue: QueueName): Promise<Watermarks | undefined> {
  const [row] = await session.query<{ local: bigint | null; global: bigint | null }>(
    sql(
      'select local_watermark as local, global_watermark as global from pgq_node.get_node_info($1) where node_type <> $2',
      queue,
      'leaf',
    ),
  );
  if (row === undefined || row.local === null || row.global === null) return undefined;
  return { local: row.local, global: row.global };
}

/** Members of the cascade that somebody gave up. */
export async function readDeadNodes(session: Session, queue: QueueName): Promise<ReadonlySet<NodeName>> {
  const rows = await session.query<{ name: string }>(
    sql('select node_name as name from pgq_node.node_location where queue_name = $1 and dead', queue),
  );
  return new Set(rows.map(({ name }) => nodeName(name)));
}

/** `tick` undefined: on a root, what all its readers have finished. It goes down the cascade as an event. */
export function setGlobalWatermark(session: Session, queue: QueueName, tick: bigint | undefined): Promise<void> {
  return call(session, 'pgq_node.set_global_watermark', queue, tick ?? null);
}

/** Where a node stands that passes events on: its rows are as of that tick. Undefined for a root, whose rows are of no tick. */
export async function readBranchTick(session: Session, queue: QueueName): Promise<bigint | undefined> {
  const [row] = await session.query<{ tick: bigint }>(
    sql(
      `select s.last_tick_id as tick from pgq_node.node_info i
         join pgq_node.local_state s on s.queue_name = i.queue_name and s.consumer_name = i.worker_name
        where i.queue_name = $1 and i.node_type = 'branch'`,
      queue,
    ),
  );
  return row?.tick;
}
