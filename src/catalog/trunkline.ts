import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { prepared, quoteLiteral, sql } from '../db/statement.ts';
import { type NodeName, nodeName, type QueueName } from '../model/names.ts';
import type { CopyProgress } from '../model/progress.ts';

/** What one session at a time may hold: the work for a node, or the ticks of a queue. */
export type WorkerLock =
  | { readonly kind: 'node'; readonly queue: QueueName; readonly node: NodeName }
  | { readonly kind: 'ticker'; readonly queue: QueueName };

/**
 * One worker per node: a session lock keeps the second one waiting, and the generation number makes a late write of a
 * stopped one fail.
 */
export async function tryLock(session: Session, lock: WorkerLock): Promise<boolean> {
  const [row] = await session.query<{ locked: boolean }>(
    sql(`select pg_catalog.pg_try_advisory_lock(${lockKey}) as locked`, ...keyOf(lock)),
  );
  return row?.locked ?? false;
}

/** The session that has a lock. */
export interface LockHolder {
  readonly pid: number;
  /**
   * Another text after everything that it does. Undefined while it does something, where that may not be seen, and where
   * it is none of `run`: an apply that holds a worker has no need to say anything.
   */
  readonly restingSince: string | undefined;
}

export async function readLockHolder(session: Session, lock: WorkerLock): Promise<LockHolder | undefined> {
  const [row] = await session.query<{ pid: number; resting_since: string | null }>(
    sql(
      `select l.pid, case when a.state like 'idle%' and a.application_name ~ '^trunkline (worker|ticker) ' then a.state_change::text end as resting_since
        from pg_catalog.pg_locks l
        join pg_catalog.pg_stat_activity a on a.pid = l.pid
        where l.locktype = 'advisory' and l.granted and l.objsubid = 1
          and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
          and (l.classid::bigint << 32) | l.objid::bigint = ${lockKey}`,
      ...keyOf(lock),
    ),
  );
  return row === undefined ? undefined : { pid: row.pid, restingSince: row.resting_since ?? undefined };
}

export async function unlock(session: Session, lock: WorkerLock): Promise<void> {
  await session.query(sql(`select pg_catalog.pg_advisory_unlock(${lockKey})`, ...keyOf(lock)));
}

/** False where the role of this session may not do that. */
export async function endSession(session: Session, pid: number): Promise<boolean> {
  try {
    await session.query(sql('select pg_catalog.pg_terminate_backend($1)', pid));
    return true;
  } catch (error) {
    if (readDriverError(error)?.sqlstate === '42501') return false;
    throw error;
  }
}

/** Sessions of this tool that another one waits for. */
export async function readOwnBlockers(session: Session, waiting: number): Promise<readonly number[]> {
  const rows = await session.query<{ pid: number }>(
    sql(
      `select a.pid from pg_catalog.pg_stat_activity a
        where a.pid = any (pg_catalog.pg_blocking_pids($1)) and a.application_name ~ '^trunkline (worker|apply|copy) .'`,
      waiting,
    ),
  );
  return rows.map(({ pid }) => pid);
}

const lockKey = 'pg_catalog.hashtextextended($1, $2)';

// Seeds keep the two kinds of lock, and other users of advisory locks, apart.
function keyOf(lock: WorkerLock): readonly [string, number] {
  return lock.kind === 'node' ? [`${lock.queue}/${lock.node}`, 7_201_960] : [lock.queue, 7_201_961];
}

export async function takeLease(session: Session, queue: QueueName, node: NodeName, holder: string): Promise<bigint> {
  const [row] = await session.query<{ generation: bigint }>(
    sql('select trunkline.take_lease($1, $2, $3) as generation', queue, node, holder),
  );
  return row?.generation ?? 0n;
}

/** SQLSTATE of a lease that is somebody else's now. */
export const leaseLost = 'TL001';

/** Inside the transaction that writes: fails it when somebody else has taken the node over. */
export async function assertLease(
  session: Session,
  queue: QueueName,
  node: NodeName,
  generation: bigint,
): Promise<void> {
  await session.script(leaseAssertion(queue, node, generation));
}

/** The same as a piece of SQL. */
export function leaseAssertion(queue: QueueName, node: NodeName, generation: bigint): string {
  return `select trunkline.assert_lease(${quoteLiteral(queue)}, ${quoteLiteral(node)}, ${generation})`;
}

/** What `status` shows of first copies under way. */
export async function setCopyProgress(
  session: Session,
  queue: QueueName,
  copies: readonly CopyProgress[],
): Promise<void> {
  const rows = copies.map(({ table, phase, rowsDone, rowsTotal, bytesDone }) => ({
    table_name: table,
    phase,
    rows_done: Math.round(rowsDone),
    rows_total: rowsTotal === undefined ? null : Math.round(rowsTotal),
    bytes_done: bytesDone,
  }));
  await session.query(
    sql(
      `insert into trunkline.copy_progress as p (queue_name, table_name, phase, rows_done, rows_total, bytes_done, updated_at)
        select $1, c.table_name, c.phase, c.rows_done, c.rows_total, c.bytes_done, now()
          from json_to_recordset($2) c(table_name text, phase text, rows_done int8, rows_total int8, bytes_done int8)
        on conflict (queue_name, table_name) do update set phase = excluded.phase, rows_done = excluded.rows_done,
          rows_total = excluded.rows_total, bytes_done = excluded.bytes_done, updated_at = excluded.updated_at`,
      queue,
      JSON.stringify(rows),
    ),
  );
}

export async function clearCopyProgress(session: Session, queue: QueueName, tables: readonly string[]): Promise<void> {
  await session.query(
    sql('delete from trunkline.copy_progress where queue_name = $1 and table_name = any ($2::text[])', queue, tables),
  );
}

/** The heartbeat of a worker. `holder` is `host:pid`. */
export async function reportStatus(
  session: Session,
  worker: { readonly queue: QueueName; readonly node: NodeName; readonly holder: string },
  state: string,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  const [host, pid] = worker.holder.split(':');
  await session.query(
    prepared(
      'report_status',
      'select trunkline.report_status($1, $2, $3, $4, $5, $6, $7)',
      worker.queue,
      worker.node,
      worker.holder,
      Number(pid),
      host,
      state,
      JSON.stringify(detail),
    ),
  );
}

/** Where a node stood, and what its provider called that tick. */
export interface LastSeen {
  readonly provider: NodeName | undefined;
  /** What it is registered under there. */
  readonly subscription: number | undefined;
  readonly tick: { readonly id: bigint; readonly mark: string } | undefined;
  /** System identifiers of the servers that the provider and the node itself were on. */
  readonly servers: { readonly provider: string | undefined; readonly own: string | undefined };
}

/** Where the node read when a worker last reported, and how far. */
export async function readLastSeen(session: Session, queue: QueueName, node: NodeName): Promise<LastSeen> {
  const [row] = await session.query<{
    provider: string | null;
    subscription: number | null;
    tick: bigint | null;
    mark: string | null;
    provider_server: string | null;
    own_server: string | null;
  }>(
    sql(
      `select detail ->> 'provider' as provider, (detail ->> 'subscription')::int as subscription,
          (detail ->> 'last_tick')::bigint as tick, detail ->> 'tick_mark' as mark,
          detail ->> 'provider_server' as provider_server, detail ->> 'own_server' as own_server
        from trunkline.worker_status where queue_name = $1 and node_name = $2`,
      queue,
      node,
    ),
  );
  if (row === undefined) return neverSeen;
  const { provider, subscription, tick, mark } = row;
  return {
    provider: provider ? nodeName(provider) : undefined,
    subscription: subscription ?? undefined,
    tick: tick === null || mark === null ? undefined : { id: tick, mark },
    servers: { provider: row.provider_server ?? undefined, own: row.own_server ?? undefined },
  };
}

const neverSeen: LastSeen = {
  provider: undefined,
  subscription: undefined,
  tick: undefined,
  servers: { provider: undefined, own: undefined },
};

/** The server's system identifier; undefined where this role may not read it. */
export async function readServerIdentity(session: Session): Promise<string | undefined> {
  try {
    const [row] = await session.query<{ id: string }>(
      sql('select system_identifier::text as id from pg_catalog.pg_control_system()'),
    );
    return row?.id;
  } catch (error) {
    if (readDriverError(error)?.sqlstate === '42501') return undefined;
    throw error;
  }
}
