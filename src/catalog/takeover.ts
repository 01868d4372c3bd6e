import type { Session } from '../db/session.ts';
import { sql } from '../db/statement.ts';
import type { NodeName, QueueName, TableName } from '../model/names.ts';
import { callForReply, type Reply } from './reply.ts';

/** The steps are those of `pgq_node.demote_root`: refuse writes, make the last tick, become a branch. */
export async function demoteRoot(
  session: Session,
  queue: QueueName,
  step: 1 | 2 | 3,
  newProvider: NodeName,
): Promise<Reply & { readonly lastTick: bigint | undefined }> {
  const { row, ...reply } = await callForReply<{ last_tick: bigint | null }>(
    session,
    sql('select ret_code, ret_note, last_tick from pgq_node.demote_root($1, $2, $3)', queue, step, newProvider),
  );
  return { ...reply, lastTick: row.last_tick ?? undefined };
}

export function promoteBranch(session: Session, queue: QueueName): Promise<Reply> {
  return callForReply(session, sql('select ret_code, ret_note from pgq_node.promote_branch($1)', queue));
}

export function changeConsumerProvider(
  session: Session,
  queue: QueueName,
  consumer: string,
  provider: NodeName,
): Promise<Reply> {
  return callForReply(
    session,
    sql('select ret_code, ret_note from pgq_node.change_consumer_provider($1, $2, $3)', queue, consumer, provider),
  );
}

/** Every consumer here that reads from the node. */
export async function consumersReading(
  session: Session,
  queue: QueueName,
  provider: NodeName,
): Promise<readonly string[]> {
  const rows = await session.query<{ consumer_name: string }>(
    sql('select consumer_name from pgq_node.get_consumer_info($1) where provider_node = $2', queue, provider),
  );
  return rows.map((row) => row.consumer_name);
}

/** The node that takes the writes in the place of another one, which its catalog says is given up; if this one does. */
export async function readSuccessor(
  session: Session,
  queue: QueueName,
  givenUp: NodeName,
): Promise<NodeName | undefined> {
  const [row] = await session.query<{ node: NodeName }>(
    sql(
      `select i.node_name as node from pgq_node.node_info i join pgq_node.node_location l on l.queue_name = i.queue_name
        where i.queue_name = $1 and i.node_type = 'root' and l.node_name = $2 and l.dead`,
      queue,
      givenUp,
    ),
  );
  return row?.node;
}

/** Whether applications are kept from writing into the queue. */
export async function isClosed(session: Session, queue: QueueName): Promise<boolean> {
  const [row] = await session.query<{ closed: boolean }>(
    sql('select queue_disable_insert as closed from pgq.queue where queue_name = $1', queue),
  );
  return row?.closed ?? false;
}

export interface TickRange {
  readonly newest: bigint | undefined;
  /** The tick asked for, or else the first one behind it that is there. */
  readonly next: bigint | undefined;
}

export async function readTicks(session: Session, queue: QueueName, from: bigint): Promise<TickRange> {
  const [row] = await session.query<{ newest: bigint | null; next: bigint | null }>(
    sql(
      `select max(t.tick_id) as newest, min(t.tick_id) filter (where t.tick_id >= $2) as next
         from pgq.tick t join pgq.queue q on q.queue_id = t.tick_queue where q.queue_name = $1`,
      queue,
      from,
    ),
  );
  return { newest: row?.newest ?? undefined, next: row?.next ?? undefined };
}

/**
 * When a tick was made, as the root of that time put it: branches keep that. Undefined where it is not there, or is the oldest: a queue
 * that was made for a branch begins with a tick of its own time.
 */
export async function readTickTime(session: Session, queue: QueueName, tick: bigint): Promise<string | undefined> {
  const [row] = await session.query<{ time: string }>(
    sql(
      `select t.tick_time as time from pgq.tick t join pgq.queue q on q.queue_id = t.tick_queue
        where q.queue_name = $1 and t.tick_id = $2
          and exists (select from pgq.tick o where o.tick_queue = t.tick_queue and o.tick_id < t.tick_id)`,
      queue,
      tick,
    ),
  );
  return row?.time;
}

/** Whether the worker has confirmed the last change made to it. */
export async function isUptodate(session: Session, queue: QueueName, worker: string): Promise<boolean> {
  const [row] = await session.query<{ uptodate: boolean }>(
    sql('select uptodate from pgq_node.local_state where queue_name = $1 and consumer_name = $2', queue, worker),
  );
  return row?.uptodate ?? false;
}

/** Tables whose first copy is not over, or whose later events are still told from it. */
export async function unsettledTables(session: Session, queue: QueueName): Promise<readonly TableName[]> {
  const rows = await session.query<{ table_name: TableName }>(
    sql(
      `select table_name from londiste.table_info
        where queue_name = $1 and local and (merge_state is distinct from 'ok' or custom_snapshot is not null)
        order by nr`,
      queue,
    ),
  );
  return rows.map((row) => row.table_name);
}

/** Who reads the queue beside what the cascade itself keeps there. */
export async function foreignConsumers(session: Session, queue: QueueName): Promise<readonly string[]> {
  const rows = await session.query<{ consumer_name: string }>(
    sql(
      `select consumer_name from pgq.get_consumer_info($1) where consumer_name not like '.%' order by consumer_name`,
      queue,
    ),
  );
  return rows.map((row) => row.consumer_name);
}
