import type { Session } from '../db/session.ts';
import { sql } from '../db/statement.ts';
import type { ReplacedRoot } from '../model/lost-event.ts';
import type { NodeName, QueueName } from '../model/names.ts';
import { markOf } from './pgq.ts';

const isKept = sql("select pg_catalog.to_regclass('trunkline.replaced_root') is not null as found");

/**
 * Written where the new root is, in the transaction that makes it one. A database whose SQL is older keeps no such record, and
 * a failover does not wait for an upgrade.
 */
export async function recordReplacedRoot(
  session: Session,
  replaced: { readonly queue: QueueName; readonly node: NodeName; readonly by: NodeName; readonly tick: bigint },
  author: { readonly appliedBy: string; readonly client: string },
): Promise<void> {
  const [there] = await session.query<{ found: boolean }>(isKept);
  if (there?.found !== true) return;
  // By its number alone a tick is not known again: its time and its place among the events are as the worker read them.
  await session.query(
    sql(
      `insert into trunkline.replaced_root
           (queue_name, node_name, replaced_by, tick_id, tick_time, tick_event_seq, applied_by, client)
       select $1, $2, $3, $4, substring(w.mark from '^(.*) ')::timestamptz, substring(w.mark from '[0-9]+$')::bigint, $5, $6
         from (select max(detail ->> 'tick_mark') as mark from trunkline.worker_status
                where queue_name = $1 and node_name = $3 and (detail ->> 'last_tick')::bigint = $4) w
       on conflict (queue_name, node_name, tick_id) do update
       set replaced_by = excluded.replaced_by, tick_time = excluded.tick_time, tick_event_seq = excluded.tick_event_seq,
           replaced_at = excluded.replaced_at, applied_by = excluded.applied_by, client = excluded.client`,
      replaced.queue,
      replaced.node,
      replaced.by,
      replaced.tick,
      author.appliedBy,
      author.client,
    ),
  );
}

/** By queue and root that was given up: the last of its ticks that whoever took its place had read. */
export async function readReplacedTicks(
  session: Session,
): Promise<ReadonlyMap<QueueName, ReadonlyMap<NodeName, bigint>>> {
  const rows = await session.query<{ queue: QueueName; node: NodeName; tick: bigint }>(
    sql(
      `select queue_name as queue, node_name as node, max(tick_id) as tick
         from trunkline.replaced_root group by queue_name, node_name`,
    ),
  );
  const ticks = new Map<QueueName, Map<NodeName, bigint>>();
  for (const { queue, node, tick } of rows) ticks.set(queue, (ticks.get(queue) ?? new Map()).set(node, tick));
  return ticks;
}

/** The last time that the node was given up, as this database has it. */
export async function readReplacedRoot(
  session: Session,
  queue: QueueName,
  node: NodeName,
): Promise<ReplacedRoot | undefined> {
  const [there] = await session.query<{ found: boolean }>(isKept);
  if (there?.found !== true) return undefined;
  const [row] = await session.query<{
    replaced_by: NodeName;
    tick: bigint;
    time: string | null;
    seq: bigint | null;
    replaced_at: string;
    applied_by: string;
    client: string;
  }>(
    sql(
      `select replaced_by, tick_id as tick, tick_time as time, tick_event_seq as seq, replaced_at, applied_by, client
         from trunkline.replaced_root where queue_name = $1 and node_name = $2 order by tick_id desc limit 1`,
      queue,
      node,
    ),
  );
  if (row === undefined) return undefined;
  const { time, seq } = row;
  return {
    replacedBy: row.replaced_by,
    tick: row.tick,
    mark: time === null || seq === null ? undefined : markOf({ toTime: time, toEventSeq: seq }),
    replacedAt: row.replaced_at,
    appliedBy: `${row.applied_by} on ${row.client}`,
  };
}
